/**
 * The waits between attempts to connect: exponential from 1 s with full jitter, so that a fleet that was cut together does
 * not come back together. Forgets its failures only after data has flowed for a while: a server that takes a connection,
 * sends one frame and hangs up must not be hammered.
 */
import { Clock, Duration, Effect, Random, Schedule } from "effect"

const BASE = Duration.seconds(1)

/** A connection whose data flowed for so long was a good one. */
const STABLE_AFTER = Duration.seconds(10)

export interface Backoff {
  /** Feed it with the failures of `Effect.retry`; `retryAfter` is the exchange's own wish and is obeyed as it is. */
  readonly schedule: Schedule.Schedule<number, { readonly retryAfter: Duration.Duration | undefined }>
  /** Data has arrived on a new connection. */
  readonly dataFlows: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* (max: Duration.Duration) {
  let failures = 0
  let flowingSince: number | undefined

  const delay = Effect.fnUntraced(function* (retryAfter: Duration.Duration | undefined) {
    const now = yield* Clock.currentTimeMillis
    if (flowingSince !== undefined && now - flowingSince >= Duration.toMillis(STABLE_AFTER)) failures = 0
    flowingSince = undefined
    const ceiling = Duration.min(Duration.times(BASE, 2 ** Math.min(failures, 30)), max)
    failures++
    const jittered = Duration.times(ceiling, yield* Random.next)
    return retryAfter === undefined ? jittered : Duration.max(retryAfter, jittered)
  })

  const backoff: Backoff = {
    schedule: Schedule.forever.pipe(
      Schedule.setInputType<{ readonly retryAfter: Duration.Duration | undefined }>(),
      Schedule.addDelay(({ input }) => delay(input.retryAfter))
    ),
    dataFlows: Effect.map(Clock.currentTimeMillis, (now) => {
      flowingSince = now
    })
  }
  return backoff
})
