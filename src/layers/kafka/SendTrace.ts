/**
 * A send's place in the traces of its records' batches: below the first of them, linked to the others. Where none of its
 * records belongs to one there is no span.
 */
import { Effect, Option, type Tracer } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import * as Traces from "../../services/Traces.ts"

export type SendTrace = (
  topic: string,
  partition: number,
  records: ReadonlyArray<SinkRecord>
) => <E>(send: Effect.Effect<number, E>) => Effect.Effect<number, E>

const off: SendTrace = () => (send) => send

const batchesOf = (records: ReadonlyArray<SinkRecord>): ReadonlyArray<Tracer.ExternalSpan> => {
  const found = new Set<string>()
  for (const { headers } of records) {
    const { traceparent } = headers
    if (traceparent !== undefined) found.add(traceparent)
  }
  return Array.from(found).flatMap((traceparent) => Traces.spanOf(traceparent) ?? [])
}

export const make = Effect.gen(function* () {
  const { kafka, otel } = yield* AppConfig
  if (Option.isNone(otel.endpoint)) return off
  const trace: SendTrace = (topic, partition, records) => (send) => {
    const [parent, ...others] = batchesOf(records)
    if (parent === undefined) return send
    return send.pipe(
      Effect.tap((offset) =>
        offset < 0 ? Effect.void : Effect.annotateCurrentSpan({ "messaging.kafka.offset": offset })
      ),
      Effect.withSpan(
        `send ${topic}`,
        {
          kind: "client",
          parent,
          links: others.map((span) => ({ span, attributes: {} })),
          attributes: {
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
            "messaging.destination.partition.id": String(partition),
            "messaging.batch.message_count": records.length,
            "messaging.client.id": kafka.clientId
          }
        },
        { captureStackTrace: false }
      )
    )
  }
  return trace
})
