/**
 * One time limit for many waits that are alike: a fiber sleeps until the oldest of them is due, in place of several for each.
 * It ends when it wakes and nothing waits.
 */
import { Clock, Duration, Effect } from "effect"

interface Wait {
  /** Monotonic, ms. */
  readonly due: number
  /** Until it has ended. */
  expire: (() => void) | undefined
}

export interface TimeLimit {
  /** What the promise comes to, or, where that takes too long, what `late` says: it is not waited for any more then. */
  readonly within: <A, E>(begin: () => Promise<A>, failed: (cause: unknown) => E, late: () => E) => Effect.Effect<A, E>
}

export interface Options {
  readonly limit: Duration.Duration
  /** Runs the fiber in a scope that whoever waits does not outlive. */
  readonly fork: (run: Effect.Effect<void>) => Effect.Effect<unknown>
}

/** Of the clock, ms. */
const monotonic = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

export const make = ({ fork, limit }: Options): TimeLimit => {
  const millis = Duration.toMillis(limit)
  /**
   * All wait equally long: whoever began first is due first. Some have ended. No set: V8 would keep what was in it until it
   * collects the whole heap.
   */
  let waits: Array<Wait> = []
  let isWatched = false

  const watch = Effect.gen(function* () {
    const clock = yield* Clock.Clock
    // The first wait has just begun.
    let left = millis
    for (;;) {
      yield* Effect.sleep(Duration.millis(left))
      const now = monotonic(clock)
      for (const { due, expire } of waits) if (due <= now) expire?.()
      waits = waits.filter(({ due, expire }) => expire !== undefined && due > now)
      const [oldest] = waits
      if (oldest === undefined) return
      left = Math.ceil(oldest.due - now)
    }
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        isWatched = false
      })
    )
  )

  return {
    within: <A, E>(begin: () => Promise<A>, failed: (cause: unknown) => E, late: () => E) =>
      Effect.clockWith((clock) => {
        const answer = Effect.callback<A, E>((resume) => {
          const wait: Wait = { due: monotonic(clock) + millis, expire: () => resume(Effect.failSync(late)) }
          const end = (exit: Effect.Effect<A, E>) => {
            wait.expire = undefined
            resume(exit)
          }
          const begun = begin()
          waits.push(wait)
          begun.then(
            (value) => end(Effect.succeed(value)),
            (cause: unknown) => end(Effect.failSync(() => failed(cause)))
          )
        })
        if (isWatched) return answer
        isWatched = true
        return Effect.andThen(fork(watch), answer)
      })
  }
}
