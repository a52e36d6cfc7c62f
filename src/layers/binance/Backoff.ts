/**
 * The waits between attempts to connect: exponential from 1 s with full jitter, so that a fleet that was cut together does
 * not come back together. Forgets its failures only after data has flowed for a while: a server that takes a connection,
 * sends one frame and hangs up must not be hammered.
 */
import { Clock, Duration, Effect, Random } from "effect"

const BASE = Duration.seconds(1)

/** A connection whose data flowed for so long was a good one. */
const STABLE_AFTER = Duration.seconds(10)

export interface Backoff {
  /** One more failure: how long to wait until the next attempt. */
  readonly failed: Effect.Effect<Duration.Duration>
  /** Data has arrived on a new connection. */
  readonly dataFlows: Effect.Effect<void>
}

export const make = (max: Duration.Duration): Backoff => {
  let failures = 0
  let flowingSince: number | undefined
  return {
    failed: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (flowingSince !== undefined && now - flowingSince >= Duration.toMillis(STABLE_AFTER)) failures = 0
      flowingSince = undefined
      const ceiling = Duration.min(Duration.times(BASE, 2 ** Math.min(failures, 30)), max)
      failures++
      return Duration.times(ceiling, yield* Random.next)
    }),
    dataFlows: Effect.map(Clock.currentTimeMillis, (now) => {
      flowingSince = now
    })
  }
}
