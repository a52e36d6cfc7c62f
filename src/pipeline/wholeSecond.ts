/**
 * Sleeps to the next whole second of the clock, or to the next multiple of another interval. What looks regularly waits with
 * this: all of it is done at one waking of the process, which costs more than most looks.
 */
import { Clock, Duration, Effect } from "effect"

/** Timers count another clock, and may be a millisecond early: a multiple that is so near has just been waited for. */
const NEAR_MS = 5

/**
 * Gives how long it was to sleep: the interval, less where it did not begin at a multiple of it, and a moment more where it began
 * right before one.
 */
export const wholeMultiple = (interval: Duration.Duration): Effect.Effect<Duration.Duration> => {
  const millis = Duration.toMillis(interval)
  return Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const left = millis - (now % millis)
    const slept = Duration.millis(left < Math.min(NEAR_MS, millis / 2) ? left + millis : left)
    return Effect.as(Effect.sleep(slept), slept)
  })
}

export const wholeSecond: Effect.Effect<void> = Effect.asVoid(wholeMultiple(Duration.seconds(1)))
