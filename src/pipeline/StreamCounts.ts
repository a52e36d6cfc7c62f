/** What was made of each stream, counted by plain code; listed by stream only where `METRICS_PER_STREAM` asks for it. */
import { Effect, Exit, Metric, Scope } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import type { MarketEvent } from "./Decoder.ts"

interface Counted {
  records: number
  receivedAt: number
  /** Open for as long as it is listed. */
  readonly scope: Scope.Closeable
}

export const make = Effect.gen(function* () {
  const { metrics } = yield* AppConfig
  const parent = yield* Effect.scope
  const kinds = new Map<string, (records: number) => void>()
  const streams = new Map<StreamName, Counted>()

  const list = Effect.fnUntraced(function* (stream: StreamName) {
    const scope = yield* Scope.fork(parent)
    const counted: Counted = { records: 0, receivedAt: 0, scope }
    streams.set(stream, counted)
    const labels = { stream: stream.name }
    yield* Effect.all([
      plain.total(Metric.withAttributes(Telemetry.streamRecords, labels), () => counted.records),
      plain.gauge(Metric.withAttributes(Telemetry.streamReceived, labels), () => counted.receivedAt / 1000)
    ]).pipe(Scope.provide(scope))
  })

  return {
    /** Counts these too. */
    join: Effect.fnUntraced(function* (joined: ReadonlyArray<StreamName>) {
      for (const { kind } of joined) {
        if (kinds.has(kind.name)) continue
        const counter = plain.counter(Metric.withAttributes(Telemetry.recordsProduced, { kind: kind.name }))
        kinds.set(kind.name, yield* Scope.provide(counter, parent))
      }
      if (metrics.perStream) yield* Effect.forEach(joined, list, { discard: true })
    }),
    /** Lists these no more. */
    leave: Effect.fnUntraced(function* (left: ReadonlyArray<StreamName>) {
      for (const stream of left) {
        const counted = streams.get(stream)
        streams.delete(stream)
        if (counted !== undefined) yield* Scope.close(counted.scope, Exit.void)
      }
    }),
    count: (events: ReadonlyArray<MarketEvent>): void => {
      for (const { receivedAt, stream } of events) {
        kinds.get(stream.kind.name)?.(1)
        if (!metrics.perStream) continue
        const counted = streams.get(stream)
        if (counted === undefined) continue
        counted.records++
        counted.receivedAt = Math.max(counted.receivedAt, receivedAt)
      }
    }
  }
})
