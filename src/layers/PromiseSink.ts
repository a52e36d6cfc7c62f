/** A sink made of a plain async function, for those who know no Effect. */
import { Effect, Layer, Metric } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { Health } from "../services/Health.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as Acknowledged from "./Acknowledged.ts"

/** Stores one batch; called again only after the promise has settled. A rejection ends the connector. */
export type Store = (batch: ReadonlyArray<SinkRecord>) => Promise<void>

export const layer = (store: Store) =>
  Layer.effect(
    EventSink,
    Effect.gen(function* () {
      const health = yield* Health
      const acknowledged = yield* Acknowledged.make
      yield* health.sink({ state: "up", detail: "a function" })
      return EventSink.of({
        publish: Effect.fn("PromiseSink.publish")(function* (batch) {
          const takenAt = acknowledged.now()
          yield* Effect.tryPromise({
            try: () => store(batch),
            catch: (cause) => new SinkError({ message: `the sink's function failed: ${String(cause)}`, cause })
          })
          const now = acknowledged.now()
          for (const record of batch) acknowledged.count(record, takenAt, now)
          yield* Metric.update(Telemetry.recordsStored, batch.length)
          yield* Metric.update(Telemetry.batchRecords, batch.length)
        }),
        // `publish` completes when the batch is stored.
        flush: Effect.void,
        pending: Effect.succeed(0),
        surrender: Effect.succeed(0)
      })
    })
  )
