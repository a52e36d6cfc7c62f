/** Whoever waits until the disk is read to where it ended then; and the failure that ends all waiting. */
import { Cause, Deferred, Effect } from "effect"
import { SinkError } from "../../services/EventSink.ts"

export interface Flushes {
  /** Fails once the spool has. */
  readonly check: Effect.Effect<void, SinkError>
  /** What ends it, if not an interruption, ends all waiting. */
  readonly failing: <R>(run: Effect.Effect<never, unknown, R>) => Effect.Effect<void, never, R>
  /** Completes when all below this number is stored. */
  readonly until: (end: number) => Effect.Effect<void, SinkError>
  /** All below it is. */
  readonly stored: (end: number) => void
}

export const make = (): Flushes => {
  const waits = new Set<{ readonly end: number; readonly done: Deferred.Deferred<void, SinkError> }>()
  let failure: SinkError | undefined
  const check = Effect.suspend(() => (failure === undefined ? Effect.void : Effect.fail(failure)))
  const fail = (error: SinkError) => {
    failure ??= error
    for (const { done } of waits) Deferred.doneUnsafe(done, Effect.fail(error))
    waits.clear()
  }
  return {
    check,
    failing: (run) =>
      Effect.catchCause(run, (cause) =>
        Effect.sync(() => {
          if (Cause.hasInterruptsOnly(cause)) return
          const error = Cause.squash(cause)
          fail(error instanceof SinkError ? error : new SinkError({ message: "the spool is broken", cause: error }))
        })
      ),
    until: (end) =>
      Effect.suspend(() => {
        if (failure !== undefined) return Effect.fail(failure)
        const wait = { end, done: Deferred.makeUnsafe<void, SinkError>() }
        waits.add(wait)
        return Deferred.await(wait.done)
      }),
    stored: (end) => {
      for (const wait of waits) {
        if (wait.end <= end && waits.delete(wait)) Deferred.doneUnsafe(wait.done, Effect.void)
      }
    }
  }
}
