/**
 * Says that the exchange's history does not answer once that has lasted for some seconds, long before patience ends; once, until
 * it has answered again.
 */
import { Clock, Effect } from "effect"
import type { RestError } from "./RestError.ts"

/** A moment's trouble is not worth a line. */
const WORTH_A_LINE_MILLIS = 3000

export interface Silence {
  /** One attempt to ask. */
  readonly watch: <A>(attempt: Effect.Effect<A, RestError>) => Effect.Effect<A, RestError>
}

export const make = (): Silence => {
  /** Since the attempt that was the first to fail, Unix ms. */
  let silent: { readonly since: number; isSaid: boolean } | undefined

  const failed = Effect.fnUntraced(function* (began: number, { isTransient, kind, message }: RestError) {
    // What it does not take it has answered; what it does not allow is told elsewhere.
    if (!isTransient) silent = undefined
    if (!isTransient || kind === "throttled") return
    silent ??= { since: began, isSaid: false }
    if (silent.isSaid || (yield* Clock.currentTimeMillis) - silent.since < WORTH_A_LINE_MILLIS) return
    silent.isSaid = true
    yield* Effect.logWarning("The exchange's history does not answer: asking again").pipe(
      Effect.annotateLogs({ reason: message })
    )
  })

  return {
    watch: (attempt) =>
      Effect.flatMap(Clock.currentTimeMillis, (began) =>
        attempt.pipe(
          Effect.tap(() => Effect.sync(() => void (silent = undefined))),
          Effect.tapError((error) => failed(began, error))
        )
      )
  }
}
