import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, Stream } from "effect"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as MemoryTopicReader from "../../src/layers/MemoryTopicReader.ts"
import * as Certificate from "../../src/pipeline/Certificate.ts"
import * as ContinuityRecord from "../../src/pipeline/ContinuityRecord.ts"
import * as Verify from "../../src/pipeline/Verify.ts"
import { binance } from "../../src/schema/settings/binance.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { AppConfig } from "../../src/services/AppConfig.ts"
import { TopicReader, TopicReadError } from "../../src/services/TopicReader.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"
import { range, recordOf, trade } from "../support/tape.ts"

const testWith = (overrides: Partial<Settings>, ...streams: ReadonlyArray<string>) =>
  MemoryTopicReader.layerWith(3).pipe(
    Layer.provideMerge(MemorySink.layer),
    Layer.provideMerge(
      settingsLayer({ ...overrides, binance: { ...testSettings().binance, streams: streamNames(...streams) } })
    )
  )
const Test = testWith({}, "btcusdt@trade")

const quiet = { topics: [], onProgress: () => {} }
const publish = (...records: ReadonlyArray<SinkRecord>) => Effect.flatMap(EventSink, (sink) => sink.publish(records))
const trades = (ids: ReadonlyArray<number>, symbol = "BTCUSDT") =>
  ids.map((id) => recordOf(`${symbol}@trade`, trade(id, symbol)))

const confirmed = ContinuityRecord.make(
  { market: "spot", topic: "continuity", instance: "test", at: 7 },
  { type: "gap-confirmed", stream: "btcusdt@trade", symbol: "BTCUSDT", from: 4, to: 5, reason: "test", late: false }
)

describe("Verify", () => {
  it.effect("proves nothing of nothing", () =>
    Effect.gen(function* () {
      const { complete, series, topics } = yield* Verify.verify(quiet)
      assert.deepStrictEqual([complete, series, topics], [false, [], []])
    }).pipe(Effect.provide(Test))
  )

  it.effect("reads the data topics that exist and the continuity topic, and counts on the way", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)), ...trades(range(6, 9)), ...trades(range(5, 6), "ETHUSDT"), confirmed)
      const counts: Array<readonly [number, number]> = []
      const verdict = yield* Verify.verify({ topics: [], onProgress: (read, total) => counts.push([read, total]) })
      assert.isTrue(verdict.complete)
      assert.deepStrictEqual(
        verdict.topics.map(({ topic }) => topic),
        ["raw_trades", "continuity"]
      )
      assert.deepStrictEqual(
        verdict.series.map(({ holes, symbol }) => [symbol, holes]),
        [
          ["BTCUSDT", [{ first: 4, last: 5, reason: "confirmed" }]],
          ["ETHUSDT", []]
        ]
      )
      assert.strictEqual(verdict.continuity.length, 1)
      assert.deepStrictEqual(counts.at(-1), [10, 10])
    }).pipe(Effect.provide(Test))
  )

  it.effect("stops at the ends that were there when it began", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const reader = yield* TopicReader
      const sink = yield* EventSink
      // The ends of the continuity topic are noted last.
      const growing = TopicReader.of({
        ...reader,
        read: (topic, ranges) =>
          topic === "continuity"
            ? Stream.unwrap(Effect.as(Effect.orDie(sink.publish(trades([9]))), reader.read(topic, ranges)))
            : reader.read(topic, ranges)
      })
      const { complete, series } = yield* Verify.verify(quiet).pipe(Effect.provideService(TopicReader, growing))
      assert.deepStrictEqual([complete, series[0]?.ranges], [true, [{ first: 1, last: 3 }]])
      assert.isFalse((yield* Verify.verify(quiet)).complete)
    }).pipe(Effect.provide(Test))
  )

  it.effect("refuses a topic that is named and not there", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const one = yield* Verify.verify({ ...quiet, topics: ["raw_trades"] })
      assert.isTrue(one.complete)
      const result = yield* Effect.result(Verify.verify({ ...quiet, topics: ["raw_trades", "raw_trodes"] }))
      assert.isTrue(Result.isFailure(result))
      if (Result.isFailure(result))
        assert.strictEqual(result.failure.message, "--topic raw_trodes: there is no such topic")
    }).pipe(Effect.provide(Test))
  )

  it.effect("proves nothing while a topic that streams need is not there, and names it", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const { absent, complete } = yield* Verify.verify(quiet)
      assert.isFalse(complete)
      assert.deepStrictEqual(absent, [
        { topic: "raw_klines", streams: ["btcusdt@kline_1m", "ethusdt@kline_1m"], reason: "there is no such topic" }
      ])
      // Of what is named nothing more is asked.
      const named = yield* Verify.verify({ ...quiet, topics: ["raw_trades"] })
      assert.deepStrictEqual([named.complete, named.absent], [true, []])
    }).pipe(Effect.provide(testWith({}, "btcusdt@trade", "btcusdt@kline_1m", "ethusdt@kline_1m")))
  )

  it.effect("only notes it where nobody has set the streams: another shell may have", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const config = yield* AppConfig
      const shown = { BINANCE_STREAMS: binance.streams.default ?? "" }
      const { absent, complete, notes } = yield* Effect.provideService(Verify.verify(quiet), AppConfig, {
        ...config,
        shown
      })
      assert.deepStrictEqual([complete, absent], [true, []])
      assert.include(notes, "raw_klines is not there, and BINANCE_STREAMS is not set: its default needs it")
    }).pipe(Effect.provide(testWith({}, "btcusdt@trade", "btcusdt@kline_1m")))
  )

  it.effect("takes a topic that may not be seen for one that is not there, if a stream needs it", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const reader = yield* TopicReader
      const hidden = new TopicReadError({ message: "TOPIC_AUTHORIZATION_FAILED", isHidden: true })
      const hiding = TopicReader.of({
        ...reader,
        ends: (topic) => (topic === "raw_trades" || topic === "continuity" ? reader.ends(topic) : Effect.fail(hidden))
      })
      const { absent, complete } = yield* Verify.verify(quiet).pipe(Effect.provideService(TopicReader, hiding))
      assert.isFalse(complete)
      assert.deepStrictEqual(absent, [{ topic: "raw_tickers", streams: ["btcusdt@ticker"], reason: hidden.message }])
      const named = yield* Verify.verify({ ...quiet, topics: ["raw_tickers"] }).pipe(
        Effect.provideService(TopicReader, hiding),
        Effect.flip
      )
      assert.strictEqual(named.message, hidden.message)
    }).pipe(Effect.provide(testWith({}, "btcusdt@trade", "btcusdt@ticker")))
  )

  it.effect("notes of which streams there is not one record: that is no fault", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const verdict = yield* Verify.verify(quiet)
      assert.deepStrictEqual(
        [verdict.complete, verdict.notes],
        [true, ["raw_trades holds not one record of bctusdt@trade, ethusdt@trade"]]
      )
      const named = yield* Verify.verify({ ...quiet, topics: ["raw_trades"] })
      assert.deepStrictEqual(named.notes, verdict.notes)
    }).pipe(Effect.provide(testWith({}, "btcusdt@trade", "bctusdt@trade", "ethusdt@trade")))
  )

  it.effect("does not miss a topic of the local log, which has one from its first record on", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)))
      const { absent, complete, notes } = yield* Verify.verify(quiet)
      assert.deepStrictEqual([complete, absent], [true, []])
      assert.deepStrictEqual(notes, ["raw_klines holds not one record of btcusdt@kline_1m"])
    }).pipe(Effect.provide(testWith({ sink: "local" }, "btcusdt@trade", "btcusdt@kline_1m")))
  )

  it.effect("finds an unreadable continuity record", () =>
    Effect.gen(function* () {
      yield* publish(...trades([1]), { ...confirmed, value: Buffer.from("{}") })
      const { complete, unreadable } = yield* Verify.verify(quiet)
      assert.isFalse(complete)
      assert.deepStrictEqual(unreadable, [
        { topic: "continuity", records: 1, reason: "the value is no continuity record" }
      ])
    }).pipe(Effect.provide(Test))
  )
})

describe("a certificate", () => {
  it.effect("has the digest of its ranges and offsets, however often it is made", () =>
    Effect.gen(function* () {
      yield* publish(...trades(range(1, 3)), ...trades([5]))
      const certificate = Certificate.make(yield* Verify.verify(quiet))
      const partition = certificate.topics[0]?.partitions.find(({ to }) => to > 0)?.partition
      const lines = [0, 1, 2].map((index) => `["raw_trades",${index},0,${index === partition ? 4 : 0}]`)
      const text = [...lines, '["raw_trades","trade","BTCUSDT",4,[[1,3],[5,5]]]', ""].join("\n")
      assert.strictEqual(Certificate.canonicalText(certificate), text)
      assert.strictEqual(certificate.sha256, createHash("sha256").update(text).digest("hex"))
      assert.deepStrictEqual(Certificate.make(yield* Verify.verify(quiet)), certificate)
      yield* publish(...trades([6]))
      assert.notStrictEqual(Certificate.make(yield* Verify.verify(quiet)).sha256, certificate.sha256)
      const { complete, series, v } = certificate
      assert.deepStrictEqual([v, complete, series[0]?.missing], [1, false, [{ first: 4, last: 4, reason: "unknown" }]])
    }).pipe(Effect.provide(Test))
  )
})
