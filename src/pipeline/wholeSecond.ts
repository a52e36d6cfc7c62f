/**
 * Sleeps to the next whole second of the clock. What looks every second waits with this: all of it is done at one waking of
 * the process, which costs more than most looks.
 */
import { Clock, Effect } from "effect"

export const wholeSecond: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
  Effect.sleep(1000 - (now % 1000))
)
