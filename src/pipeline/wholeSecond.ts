/**
 * Sleeps to the next whole second of the clock, or to the next multiple of another interval. What looks regularly waits with
 * this: all of it is done at one waking of the process, which costs more than most looks.
 */
import { Clock, Duration, Effect } from "effect"

/** Gives how long it has slept: at most the interval, and less where it did not begin at a multiple of it. */
export const wholeMultiple = (interval: Duration.Duration): Effect.Effect<Duration.Duration> => {
  const millis = Duration.toMillis(interval)
  return Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const slept = Duration.millis(millis - (now % millis))
    return Effect.as(Effect.sleep(slept), slept)
  })
}

export const wholeSecond: Effect.Effect<void> = Effect.asVoid(wholeMultiple(Duration.seconds(1)))
