/** Says the first of many at once and then, however many follow, one in a while: a stream gone bad must not flood the log. */
import { Clock, Duration, Effect } from "effect"

/** Runs what it is given, or drops it if another one ran less than `every` ago. */
export const make = Effect.fnUntraced(function* (every: Duration.Input) {
  const clock = yield* Clock.Clock
  const quiet = BigInt(Duration.toMillis(every)) * 1_000_000n
  let ranAt: bigint | undefined
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
    Effect.suspend(() => {
      const now = clock.monotonicTimeNanosUnsafe()
      if (ranAt !== undefined && now - ranAt < quiet) return Effect.void
      ranAt = now
      return Effect.asVoid(effect)
    })
})
