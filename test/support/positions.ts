/** A Kafka in memory, and one sink after the other on it that keeps where the streams stand, each as a process of its own. */
import { Context, Duration, Effect, Exit, Layer, Logger, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import * as Standing from "../../src/pipeline/Standing.ts"
import type { Continuity } from "../../src/schema/Continuity.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Instance } from "../../src/services/Instance.ts"
import { KafkaDriver } from "../../src/services/KafkaDriver.ts"
import { Positions } from "../../src/services/Positions.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import * as HealthProbe from "./healthProbe.ts"
import { settingsLayer, streamNames, testSettings } from "./settings.ts"

export const NOW = 1_700_000_000_000

const envelope = (
  topic: string,
  symbol: string,
  suffix: string,
  payload: object,
  id: string | undefined,
  late = false
) => ({
  topic,
  key: symbol,
  value: Buffer.from(
    JSON.stringify({ original_data: payload, symbol, stream_type: suffix, ...(late ? { late } : {}) })
  ),
  timestamp: NOW,
  headers: id === undefined ? {} : { "event-id": `binance:spot:${suffix}:${symbol}:${id}` }
})

const tradePayload = (id: number, s: string) => ({
  e: "trade",
  E: NOW + id,
  s,
  t: id,
  p: "1.0",
  q: "1.0",
  T: NOW,
  m: true
})

export const trade = (id: number, symbol = "BTCUSDT", late = false): SinkRecord =>
  envelope("raw_trades", symbol, "trade", tradePayload(id, symbol), String(id), late)

export const trades = (from: number, to: number, symbol?: string, late?: boolean) =>
  Array.from({ length: to - from + 1 }, (_, n) => trade(from + n, symbol, late))

export const candle = (minute: number): SinkRecord => {
  const t = NOW + minute * 60_000
  const k = { s: "BTCUSDT", i: "1m", f: 1, L: 2, o: "1", c: "1", h: "1", l: "1", v: "1", n: 2, q: "1", V: "1", Q: "1" }
  const payload = { e: "kline", E: t + 60_001, s: "BTCUSDT", k: { ...k, t, T: t + 59_999, x: true } }
  return envelope("raw_klines", "BTCUSDT", "kline_1m", payload, String(t))
}

export const candles = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => candle(from + n))

export const continuity = (
  type: Continuity["type"],
  from: number,
  to: number,
  stream = "btcusdt@trade",
  late = false
): SinkRecord => ({
  topic: "continuity",
  key: stream,
  value: Buffer.from(
    JSON.stringify({
      v: 1,
      type,
      stream,
      symbol: stream.slice(0, stream.indexOf("@")).toUpperCase(),
      from,
      to,
      reason: "test",
      late,
      instance: "another",
      at: NOW
    })
  ),
  timestamp: NOW,
  headers: { "event-id": `${type}:${from}-${to}` }
})

/** So many thousand records of a symbol that is no stream of ours. */
export const othersWrite = (driver: KafkaDriver["Service"], partition: number, thousands: number) =>
  Effect.forEach(
    Array.from({ length: thousands / 2 }, (_, n) => n * 2000),
    (n) => driver.produce("raw_trades", partition, trades(n + 1, n + 2000, "DOGEUSDT")),
    { discard: true }
  )

/** How often a topic is read; a page is 1,000 records. */
export const countReads = (driver: KafkaDriver["Service"], counted: string) => {
  let reads = 0
  const fetch: KafkaDriver["Service"]["fetch"] = (topic, ...rest) => {
    if (topic === counted) reads++
    return driver.fetch(topic, ...rest)
  }
  return {
    fetch,
    /** Since it was last asked. */
    reads: () => {
      const counted = reads
      reads = 0
      return counted
    }
  }
}

interface Process {
  readonly sink: EventSink["Service"]
  /** As the spool has it. */
  readonly releasable: ReleasableSink["Service"]
  /** Where the streams stood before it, and what follows is the sink's. */
  readonly load: Effect.Effect<Readonly<Record<string, Standing.Position>>>
  /** The same for some of them. */
  readonly loadOf: (...names: ReadonlyArray<string>) => Effect.Effect<Readonly<Record<string, Standing.Position>>>
}

export interface Options {
  readonly streams: ReadonlyArray<string>
  /** Records a send. */
  readonly batchSize?: number
  /** Others write to the same partitions, by right. */
  readonly isShared?: boolean
}

export const make = Effect.fnUntraced(function* ({ batchSize = 100, isShared = false, streams: names }: Options) {
  const streams = streamNames(...names)
  const settings = settingsLayer({
    binance: { ...testSettings().binance, streams },
    batch: { ...testSettings().batch, size: batchSize },
    kafka: { ...testSettings().kafka, acks: isShared ? "all" : "1" },
    group: isShared ? Option.some({ id: "g", shards: 2, sessionTimeout: Duration.seconds(10) }) : Option.none()
  })
  // Long after all that is stored.
  yield* TestClock.setTime(NOW + 3_600_000)
  const context = yield* Layer.build(MemoryKafka.layerWith({ idempotent: false }))
  const broker = Context.get(context, MemoryKafka.MemoryBroker)
  const driver = Context.get(context, KafkaDriver)
  let processes = 0

  /** Runs with a sink of its own, which ends as a process that is killed; `hurt`: in place of what the driver does. */
  const during = <A, E>(use: (process: Process) => Effect.Effect<A, E>, hurt: Partial<KafkaDriver["Service"]> = {}) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const layer = KafkaSink.layer.pipe(
        Layer.provide([
          Layer.succeed(KafkaDriver, { ...driver, ...hurt }),
          settings,
          Layer.succeed(Instance, String(processes++)),
          HealthProbe.layer,
          Logger.layer([])
        ])
      )
      const built = yield* Layer.buildWithScope(layer, scope)
      const positions = Context.get(built, Positions)
      const loadOf = (...some: ReadonlyArray<string>) =>
        positions.load(streams.filter(({ name }) => some.includes(name))).pipe(
          Effect.orDie,
          Effect.tap(positions.begin),
          Effect.map(({ said, stands }) => Object.fromEntries(Standing.positions(stands, said)))
        )
      const load = loadOf(...names)
      const sink = Context.get(built, EventSink)
      const result = yield* use({ sink, releasable: Context.get(built, ReleasableSink), load, loadOf })
      yield* Scope.close(scope, Exit.void)
      return result
    })

  const publish = (...records: ReadonlyArray<SinkRecord>) =>
    during(({ load, sink }) => load.pipe(Effect.andThen(sink.publish(records)), Effect.andThen(sink.flush)))
  /** Stored, but no position written. */
  const publishOnly = (...records: ReadonlyArray<SinkRecord>) =>
    during(({ sink }) =>
      sink
        .publish(records)
        .pipe(Effect.andThen(Effect.repeat(Effect.andThen(Effect.yieldNow, sink.pending), { until: (n) => n === 0 })))
    )
  const load = during(({ load }) => load)
  return { broker, driver, during, publish, publishOnly, load }
})

/** A position at this trade. */
export const at = (last: number, gaps: ReadonlyArray<readonly [number, number]> = []) => ({
  last,
  at: NOW + last,
  gaps: gaps.map(([first, last]) => ({ first, last }))
})
