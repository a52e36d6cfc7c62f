/** What was made of each stream, counted by plain code; listed by stream only where `METRICS_PER_STREAM` asks for it. */
import { Effect, Metric } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import type { MarketEvent } from "./Decoder.ts"

export const make = Effect.gen(function* () {
  const { binance, metrics } = yield* AppConfig
  const kinds = new Map<string, (records: number) => void>()
  for (const { name: kind } of new Set(binance.streams.map((stream) => stream.kind))) {
    kinds.set(kind, yield* plain.counter(Metric.withAttributes(Telemetry.recordsProduced, { kind })))
  }
  const streams = new Map<StreamName, { records: number; receivedAt: number }>()
  for (const stream of metrics.perStream ? binance.streams : []) {
    const counted = { records: 0, receivedAt: 0 }
    streams.set(stream, counted)
    const labels = { stream: stream.name }
    yield* plain.total(Metric.withAttributes(Telemetry.streamRecords, labels), () => counted.records)
    yield* plain.gauge(Metric.withAttributes(Telemetry.streamReceived, labels), () => counted.receivedAt / 1000)
  }

  return (events: ReadonlyArray<MarketEvent>): void => {
    for (const { receivedAt, stream } of events) {
      kinds.get(stream.kind.name)?.(1)
      if (!metrics.perStream) continue
      const counted = streams.get(stream)
      if (counted === undefined) continue
      counted.records++
      counted.receivedAt = Math.max(counted.receivedAt, receivedAt)
    }
  }
})
