import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as MemoryTopicReader from "../../src/layers/MemoryTopicReader.ts"
import * as Repair from "../../src/pipeline/Repair.ts"
import * as Verify from "../../src/pipeline/Verify.ts"
import { Continuity } from "../../src/schema/Continuity.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { MarketHistory, type PastEvent } from "../../src/services/MarketHistory.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"
import { candle, range, recordOf, trade } from "../support/tape.ts"

const of = (stream: string) =>
  Layer.mergeAll(MemoryTopicReader.layerWith(3).pipe(Layer.provideMerge(MemorySink.layer)), MemoryHistory.layer).pipe(
    Layer.provideMerge(settingsLayer({ binance: { ...testSettings().binance, streams: streamNames(stream) } }))
  )
const Test = of("btcusdt@trade")

const verify = Verify.verify({ topics: [], onProgress: () => {} })
const decodeContinuity = Schema.decodeUnknownSync(Schema.fromJsonString(Continuity))
const textOf = ({ value }: SinkRecord) => new TextDecoder().decode(value)

/** What the topics hold, and what the exchange's history does. */
const given = Effect.fnUntraced(function* (
  name: string,
  stored: ReadonlyArray<PastEvent>,
  past: ReadonlyArray<PastEvent>,
  voids: ReadonlyArray<number> = []
) {
  const sink = yield* EventSink
  yield* sink.publish(stored.map((event) => recordOf(name, event)))
  const history = yield* MemoryHistory.MemoryPast
  yield* history.set(name, past, voids)
})

const planned = Effect.gen(function* () {
  const { serves } = yield* MarketHistory
  const { series } = yield* verify
  return Repair.plan(series, serves)
})

/** Fills all, on a clock that runs as far as it must. */
const repair = Effect.gen(function* () {
  const { tasks } = yield* planned
  const fiber = yield* Effect.forkChild(Effect.forEach(tasks, Repair.fill))
  for (let second = 0; second < 10; second++) yield* TestClock.adjust("1 second")
  return yield* Fiber.join(fiber)
})

const said = Effect.gen(function* () {
  const log = yield* MemorySink.MemoryLog
  return (yield* log.records)
    .filter(({ topic }) => topic === "continuity")
    .map((record) => {
      const { from, late, reason, stream, to, type } = decodeContinuity(textOf(record))
      return `${stream} ${type} ${from}-${to} ${late ? "late " : ""}${reason}`
    })
})

const trades = (ids: ReadonlyArray<number>) => ids.map((id) => trade(id))

describe("Repair", () => {
  it.effect("fills holes page by page, marks the records and says so", () =>
    Effect.gen(function* () {
      const all = range(1, 3000)
      const stored = all.filter((id) => id < 100 || (id > 2600 && id !== 2900))
      yield* given("btcusdt@trade", trades(stored), trades(all))
      assert.isFalse((yield* verify).complete)
      const outcomes = yield* repair
      assert.deepStrictEqual(
        outcomes.map(({ confirmed, filled, open }) => ({ confirmed, filled, open })),
        [
          { filled: [{ first: 100, last: 2600 }], confirmed: [], open: [] },
          { filled: [{ first: 2900, last: 2900 }], confirmed: [], open: [] }
        ]
      )
      assert.deepStrictEqual(yield* said, [
        "btcusdt@trade gap-filled 100-2600 late repair",
        "btcusdt@trade gap-filled 2900-2900 late repair"
      ])
      const { complete, series } = yield* verify
      assert.isTrue(complete)
      assert.deepStrictEqual([series[0]?.records, series[0]?.late, series[0]?.backfilled], [3000, 2502, 2502])
      const log = yield* MemorySink.MemoryLog
      const filled = (yield* log.records).filter((record) => textOf(record).includes('"backfilled":true,"late":true}'))
      assert.strictEqual(filled.length, 2502)
      const { asked } = yield* MemoryHistory.MemoryPast
      assert.deepStrictEqual(
        (yield* asked).map((one) => (one.ask === "page" ? [one.from, one.limit] : one.ask)),
        [
          [100, 1000],
          [1100, 1000],
          [2100, 501],
          [2900, 1]
        ]
      )
    }).pipe(Effect.provide(Test))
  )

  it.effect("fills candles by their times", () =>
    Effect.gen(function* () {
      const name = "btcusdt@kline_1m"
      const all = range(10, 30).map((minute) => candle(minute))
      yield* given(name, [...all.slice(0, 5), ...all.slice(12)], all)
      const { tasks } = yield* planned
      assert.deepStrictEqual(
        tasks.map(({ requests, span }) => [span, requests]),
        [[{ first: 15 * 60_000, last: 22 * 60_000 - 1 }, 1]]
      )
      yield* repair
      assert.isTrue((yield* verify).complete)
      assert.deepStrictEqual(yield* said, [`${name} gap-filled ${15 * 60_000}-${22 * 60_000 - 1} late repair`])
    }).pipe(Effect.provide(of("btcusdt@kline_1m")))
  )

  it.effect("confirms what the history lacks too, after three looks, and never asks for it again", () =>
    Effect.gen(function* () {
      const all = range(1, 20)
      yield* given(
        "btcusdt@trade",
        trades(all.filter((id) => id < 5 || id > 10)),
        trades(all.filter((id) => id !== 6 && id !== 7 && id !== 9)),
        [9]
      )
      const [outcome] = yield* repair
      assert.deepStrictEqual(outcome?.confirmed, [
        { first: 6, last: 7 },
        { first: 9, last: 9 }
      ])
      assert.deepStrictEqual(yield* said, [
        "btcusdt@trade gap-filled 5-5 late repair",
        "btcusdt@trade gap-filled 8-8 late repair",
        "btcusdt@trade gap-filled 10-10 late repair",
        "btcusdt@trade gap-confirmed 6-7 repair",
        "btcusdt@trade gap-confirmed 9-9 repair"
      ])
      const { asked } = yield* MemoryHistory.MemoryPast
      // Once for the hole, and twice more for what was lacking.
      assert.strictEqual((yield* asked).filter(({ ask }) => ask === "page").length, 3)
      assert.isTrue((yield* verify).complete)
      assert.deepStrictEqual((yield* planned).tasks, [])
    }).pipe(Effect.provide(Test))
  )

  it.effect("leaves open what the history may still come to show", () =>
    Effect.gen(function* () {
      const all = range(1, 20)
      yield* given("btcusdt@trade", trades(all.filter((id) => id < 5 || id > 10)), trades(all))
      const past = yield* MemoryHistory.MemoryPast
      yield* past.hideAbove("btcusdt@trade", 7)
      const [outcome] = yield* repair
      assert.deepStrictEqual(outcome?.open, [{ first: 8, last: 10 }])
      assert.deepStrictEqual(yield* said, ["btcusdt@trade gap-filled 5-7 late repair"])
      yield* past.hideAbove("btcusdt@trade", undefined)
      yield* repair
      assert.isTrue((yield* verify).complete)
    }).pipe(Effect.provide(Test))
  )

  it.effect("says of what it has filled when the history fails half way", () =>
    Effect.gen(function* () {
      const all = range(1, 3000)
      yield* given("btcusdt@trade", trades([1, 3000]), trades(all))
      const past = yield* MemoryHistory.MemoryPast
      const { tasks } = yield* planned
      const history = yield* MarketHistory
      const failing = MarketHistory.of({
        ...history,
        page: (stream, from, limit) =>
          Effect.andThen(
            from > 1000 ? past.failNext(1, "too many requests") : Effect.void,
            history.page(stream, from, limit)
          )
      })
      const result = yield* Effect.forEach(tasks, Repair.fill).pipe(
        Effect.provideService(MarketHistory, failing),
        Effect.result
      )
      assert.isTrue(Result.isFailure(result))
      assert.deepStrictEqual(yield* said, ["btcusdt@trade gap-filled 2-1001 late repair"])
      yield* repair
      assert.isTrue((yield* verify).complete)
    }).pipe(Effect.provide(Test))
  )

  it.effect("says what a repair that was killed has left unsaid", () =>
    Effect.gen(function* () {
      const all = range(1, 20)
      const sink = yield* EventSink
      yield* given("btcusdt@trade", trades(all.filter((id) => id < 5 || id > 10)), trades(all))
      const late = trades([5, 6]).map((event) => recordOf("btcusdt@trade", event, { backfilled: true, late: true }))
      yield* sink.publish(late)
      assert.strictEqual((yield* verify).series[0]?.outOfOrder, 2)
      const { unsaid } = yield* planned
      yield* Effect.forEach(unsaid, Repair.say)
      yield* repair
      assert.deepStrictEqual(yield* said, [
        "btcusdt@trade gap-filled 5-6 late repair",
        "btcusdt@trade gap-filled 7-10 late repair"
      ])
      assert.isTrue((yield* verify).complete)
      assert.deepStrictEqual((yield* planned).unsaid, [])
    }).pipe(Effect.provide(Test))
  )

  it.effect("leaves alone what no history serves", () =>
    Effect.gen(function* () {
      const sink = yield* EventSink
      const update = (U: number, u: number): SinkRecord => {
        const json = JSON.stringify({ e: "depthUpdate", E: 1, s: "BTCUSDT", U, u, b: [], a: [] })
        return recordOf("btcusdt@depth", {
          json,
          facts: { symbol: "BTCUSDT", eventTime: 1, id: `${U}-${u}`, exact: false, span: { first: U, last: u } }
        })
      }
      yield* sink.publish([update(1, 5), update(9, 9)])
      const { beyond, tasks } = yield* planned
      assert.deepStrictEqual(tasks, [])
      assert.deepStrictEqual(beyond, [{ topic: "raw_depth", name: "btcusdt@depth", span: { first: 6, last: 8 } }])
    }).pipe(Effect.provide(Test))
  )
})
