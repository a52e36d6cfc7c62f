import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Effect, Fiber, Option, Queue } from "effect"
import { TestClock } from "effect/testing"
import type { Interval } from "../../src/schema/intervals.ts"
import { streamKinds } from "../../src/schema/kinds/registry.ts"
import type { StreamName } from "../../src/schema/StreamName.ts"
import type { MarketHistory, PastEvent } from "../../src/services/MarketHistory.ts"
import { kline as klinePayload } from "../../src/simulator/payloads.ts"
import type * as Simulator from "../../src/simulator/Simulator.ts"
import { EAST_8 } from "../../src/simulator/time.ts"
import { serve } from "../support/http.ts"
import { makeHistory } from "../support/rest.ts"
import {
  aggregates,
  faulty,
  FIRST_WAIT,
  idsOf,
  make,
  range,
  seconds,
  start,
  stream,
  textsOf,
  trades,
  withEventTime
} from "../support/history.ts"

const MICROSECONDS = "ws://127.0.0.1:1/stream?timeUnit=microsecond"
/** Everything from an id on, page by page. */
const readAll = Effect.fnUntraced(function* (history: MarketHistory["Service"], name: StreamName, from: number) {
  const all: Array<PastEvent> = []
  for (let next = from; ;) {
    const { events } = yield* history.page(name, next, 400)
    const last = events.at(-1)
    if (last === undefined) return all
    all.push(...events)
    next = last.facts.span!.last + 1
  }
})
/** The closed candles of the market, as the stream would have sent them, but for what REST does not have. */
const candlesOf = (simulator: Simulator.Simulator, interval: Interval, offset: number, unit: "ms" | "us" = "ms") => {
  const series = simulator.market.symbols.get("BTCUSDT")!.candles.series(interval, offset)
  return series.closed.map((candle) =>
    klinePayload("BTCUSDT", series, candle, true, candle.end * 1000 - 1, unit).replace(
      /"f":-?\d+,"L":-?\d+/,
      '"f":-1,"L":-1'
    )
  )
}

describe("BinanceHistory", () => {
  it.effect("gives trades byte for byte as the stream does, with their own time as event time", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("5 seconds")
      const { history } = yield* makeHistory([simulator.restUrl])
      const { first, last } = simulator.ledger.generated("BTCUSDT")!.trades
      const all = yield* readAll(history, trades, first)
      assert.deepStrictEqual(idsOf(all), range(first, last))
      assert.deepStrictEqual(
        all.map(({ json }) => json),
        range(first, last).map((id) => withEventTime(simulator.ledger.tradePayload("BTCUSDT", id)!))
      )
      assert.deepStrictEqual(all[0]!.facts, {
        symbol: "BTCUSDT",
        eventTime: JSON.parse(all[0]!.json).T,
        id: first,
        exact: true,
        span: { first, last: first }
      })
      assert.deepStrictEqual(yield* history.newest(trades), Option.some(last))
      assert.deepStrictEqual(yield* history.page(trades, last + 1, 10), { events: [], voids: [] })
      assert.deepStrictEqual(idsOf((yield* history.page(trades, first + 7, 3)).events), range(first + 7, first + 9))
      const most = (yield* history.page(trades, last - 1200, 100_000)).events
      assert.deepStrictEqual(
        [most.length, idsOf(most)[0]],
        [Math.min(1000, last - first + 1), Math.max(first, last - 1200)]
      )
    })
  )

  it.effect("gives aggregate trades as the stream does", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("5 seconds")
      const { history } = yield* makeHistory([simulator.restUrl])
      const { first, last } = simulator.ledger.generated("BTCUSDT")!.aggregates
      const all = yield* readAll(history, aggregates, first)
      assert.deepStrictEqual(
        all.map(({ json }) => json),
        range(first, last).map((id) => withEventTime(simulator.ledger.aggregatePayload("BTCUSDT", id)!))
      )
      assert.deepStrictEqual(yield* history.newest(aggregates), Option.some(last))
    })
  )

  for (const [name, interval, offset] of [
    ["btcusdt@kline_1s", "1s", 0],
    ["btcusdt@kline_1m", "1m", 0],
    ["btcusdt@kline_1d", "1d", 0],
    ["btcusdt@kline_1d@+08:00", "1d", EAST_8],
    ["btcusdt@kline_1M@+08:00", "1M", EAST_8]
  ] as const) {
    it.effect(`gives the closed candles of ${name}, never the open one`, () =>
      Effect.gen(function* () {
        const simulator = yield* make({ start: Date.UTC(2026, 10, 30, 15, 59, 57) })
        yield* TestClock.adjust("9500 millis")
        const { history } = yield* makeHistory([simulator.restUrl])
        const expected = candlesOf(simulator, interval, offset)
        // The market is made up so that it holds a border of each but the day's in UTC.
        assert.strictEqual(expected.length > 0, name !== "btcusdt@kline_1d")
        const settled = expected.filter(
          (json) => JSON.parse(json).k.T < Math.floor(simulator.now() / 1000) * 1000 - 2000
        )
        const page = yield* history.page(stream(name), 0, 1000)
        assert.deepStrictEqual(textsOf(page), settled)
        assert.deepStrictEqual(
          yield* history.newest(stream(name)),
          Option.map(Arr.last(settled), (json) => JSON.parse(json).k.T)
        )
      })
    )
  }

  it.effect("holds a candle back until it has been closed for two seconds by the exchange's clock", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("5 seconds")
      const { history } = yield* makeHistory([simulator.restUrl])
      // It is 16:00:02.
      const opens = (second: number) => start + (second - 1) * 1000
      assert.deepStrictEqual(idsOf((yield* history.page(seconds, opens(1), 10)).events), range(1, 3).map(opens))
      yield* TestClock.adjust("990 millis")
      assert.strictEqual((yield* history.page(seconds, opens(1), 10)).events.length, 3)
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(idsOf((yield* history.page(seconds, opens(1), 10)).events), range(1, 4).map(opens))
      assert.deepStrictEqual(idsOf((yield* history.page(seconds, opens(2), 2)).events), [opens(2), opens(3)])
      assert.deepStrictEqual(yield* history.newest(seconds), Option.some(opens(5) - 1))
    })
  )

  it.effect("leaves the last candle out where the answer has no date", () =>
    Effect.gen(function* () {
      const row = (open: number) => [open, "1", "1", "1", "1", "0", open + 999, "0", 0, "0", "0", "0"]
      const { port } = yield* serve((request, response) => {
        const limit = Number(new URL(request.url ?? "", "http://a").searchParams.get("limit"))
        response.sendDate = false
        response.end(JSON.stringify([1000, 2000, 3000, 4000].slice(0, limit).map(row)))
      })
      const { history } = yield* makeHistory([`http://127.0.0.1:${port}`])
      assert.deepStrictEqual(idsOf((yield* history.page(seconds, 0, 10)).events), [1000, 2000, 3000])
      assert.deepStrictEqual(idsOf((yield* history.page(seconds, 0, 1)).events), [1000])
      assert.deepStrictEqual(yield* history.newest(seconds), Option.some(3999))
    })
  )

  it.effect("gives times in microseconds where the stream does, candles' ids in milliseconds all the same", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("6 seconds")
      const { history } = yield* makeHistory([simulator.restUrl], { wsUrl: MICROSECONDS })
      const { first } = simulator.ledger.generated("BTCUSDT")!.trades
      const [trade] = (yield* history.page(trades, first, 1)).events
      assert.strictEqual(trade!.json, withEventTime(simulator.ledger.tradePayload("BTCUSDT", first, "us")!))
      const candles = yield* history.page(seconds, start, 1000)
      const known = new Set(candlesOf(simulator, "1s", 0, "us"))
      assert.deepStrictEqual(
        textsOf(candles).filter((json) => !known.has(json)),
        []
      )
      assert.deepStrictEqual(
        idsOf(candles.events),
        range(0, 3).map((second) => start + second * 1000)
      )
      assert.deepStrictEqual(yield* history.newest(seconds), Option.some(start + 3999))
    })
  )

  it.effect("does not see what the exchange's database has not yet", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("5 seconds")
      const { history } = yield* makeHistory([simulator.restUrl])
      simulator.setFaults({ onRest: () => ({ lagMillis: 2000 }) })
      const { last } = simulator.ledger.generated("BTCUSDT")!.trades
      const newest = Option.getOrThrow(yield* history.newest(trades))
      assert.isBelow(newest, last)
      assert.deepStrictEqual((yield* history.page(trades, last, 10)).events, [])
      simulator.setFaults({})
      assert.deepStrictEqual(yield* history.newest(trades), Option.some(last))
      assert.deepStrictEqual(idsOf((yield* history.page(trades, last, 10)).events), [last])
    })
  )

  it.effect("tells ids that are given to nothing apart from events", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const row = (a: number, f: number) =>
        `{"a":${a},"p":"${f < 0 ? 0 : 1}","q":"${f < 0 ? 0 : 1}","f":${f},"l":${f},"T":${start},"m":true,"M":true}`
      const body = `[${[row(10, 70), row(11, -1), row(12, -1), row(13, 71)].join(",")}]`
      simulator.setFaults({ onRest: () => ({ answer: { status: 200, body } }) })
      const { history } = yield* makeHistory([simulator.restUrl])
      const page = yield* history.page(aggregates, 10, 1000)
      assert.deepStrictEqual(
        [idsOf(page.events), page.voids],
        [
          [10, 13],
          [11, 12]
        ]
      )
      // Rows from before are dropped, and a page holds no more than was asked for.
      const part = yield* history.page(aggregates, 11, 2)
      assert.deepStrictEqual([part.events, part.voids], [[], [11, 12]])
    })
  )

  it.effect("sorts rows, and asks again if one is there twice", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("1 seconds")
      const { failures, history } = yield* makeHistory([simulator.restUrl])
      const row = (id: number) =>
        `{"id":${id},"price":"1","qty":"1","quoteQty":"1","time":${start},"isBuyerMaker":true,"isBestMatch":true}`
      const answer = (...ids: ReadonlyArray<number>) => ({
        answer: { status: 200, body: `[${ids.map(row).join(",")}]` }
      })
      faulty(simulator, answer(5, 4, 4), answer(7, 5, 6))
      const asked = yield* Effect.forkChild(history.page(trades, 5, 10))
      assert.match((yield* Queue.take(failures)).message, /answered with status 200: 4 is there twice$/)
      yield* TestClock.adjust(FIRST_WAIT)
      assert.deepStrictEqual(idsOf((yield* Fiber.join(asked)).events), [5, 6, 7])
    })
  )

  it.effect("serves trades, aggregate trades and candles, and nothing else", () =>
    Effect.gen(function* () {
      const { history } = yield* makeHistory(["http://127.0.0.1:1"])
      for (const { allMarket, name, suffixes } of streamKinds) {
        const serves = ["trade", "aggTrade", "kline"].includes(name)
        for (const suffix of suffixes) assert.strictEqual(history.serves(stream(`btcusdt@${suffix}`)), serves, suffix)
        for (const whole of allMarket) assert.isFalse(history.serves(stream(whole)), whole)
      }
      const { message } = yield* Effect.flip(history.page(stream("btcusdt@depth"), 1, 1))
      assert.strictEqual(message, "btcusdt@depth has no history: only trades and closed candles have one")
      assert.strictEqual((yield* Effect.flip(history.newest(stream("!miniTicker@arr"))))._tag, "HistoryError")
    })
  )

  it.effect("says that there is nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      simulator.setFaults({ onRest: () => ({ answer: { status: 200, body: "[]" } }) })
      const { history } = yield* makeHistory([simulator.restUrl])
      for (const name of [trades, aggregates, seconds]) {
        assert.deepStrictEqual(yield* history.newest(name), Option.none())
        assert.deepStrictEqual(yield* history.page(name, 1, 10), { events: [], voids: [] })
      }
    })
  )
})
