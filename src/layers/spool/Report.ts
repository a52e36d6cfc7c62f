/** Shows the spool's size and age: in the metrics, and to whoever asks for the status. */
import { Clock, Effect, Metric } from "effect"
import { AppConfig } from "../../services/AppConfig.ts"
import { Status } from "../../services/Status.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as Age from "./Age.ts"
import type { Store } from "./Store.ts"

export interface Report {
  /** Of what waits; `since`: when it was engaged, Unix ms. */
  readonly now: (since: number | undefined) => Effect.Effect<void>
}

/** `left`: since when (Unix ms) records below this number wait. */
export const make = Effect.fnUntraced(function* (
  store: Store,
  left: { readonly end: number; readonly since: number | undefined }
) {
  const { spool: settings } = yield* AppConfig
  const { spool: shown } = yield* Status
  const clock = yield* Clock.Clock
  const age = Age.make()
  if (left.since !== undefined) age.appended(left.end, left.since)
  yield* plain.gauge(Telemetry.spoolLimitBytes, () => settings.maxBytes)
  yield* plain.gauge(Telemetry.spoolOldestAge, () => Math.floor(age.oldest(clock.currentTimeMillisUnsafe()) / 1000))
  return {
    now: (since) =>
      Effect.suspend(() => {
        const { bytes, end, head } = store.status()
        age.appended(end, clock.currentTimeMillisUnsafe())
        age.stored(head)
        Object.assign(shown, {
          isOpen: true,
          limit: settings.maxBytes,
          bytes,
          records: end - head,
          since: since ?? null
        })
        return Effect.andThen(
          Metric.update(Telemetry.spoolBytes, bytes),
          Metric.update(Telemetry.spoolRecords, end - head)
        )
      })
  } satisfies Report
})
