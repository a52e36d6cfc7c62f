import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option } from "effect"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import type { StreamName } from "../../src/schema/StreamName.ts"
import { MarketHistory, type Page, type PastEvent } from "../../src/services/MarketHistory.ts"
import { taught } from "../schema/kinds/samples.ts"
import { streamNames } from "../support/settings.ts"

const stream = (name: string): StreamName => streamNames(name)[0]!
const trades = stream("btcusdt@trade")
const candles = stream("btcusdt@kline_1s")

const eventOf = ({ kind }: StreamName, payload: object): PastEvent => ({
  json: JSON.stringify(payload),
  facts: Exit.getSuccess(kind.decode(payload)).pipe(Option.getOrThrow)
})
const trade = (t: number) => eventOf(trades, { ...taught("trade"), t })
const candle = (t: number) =>
  eventOf(candles, {
    ...taught("kline"),
    k: { ...(taught("kline")["k"] as object), i: "1s", t, T: t + 999, x: true }
  })

const idsOf = ({ events }: Page) => events.map(({ facts }) => facts.span?.first)

const play = <A, E>(
  body: (
    history: MarketHistory["Service"],
    past: MemoryHistory.MemoryPast["Service"]
  ) => Effect.Effect<A, E, MarketHistory | MemoryHistory.MemoryPast>
) =>
  Effect.flatMap(Effect.all([MarketHistory, MemoryHistory.MemoryPast]), ([history, past]) => body(history, past)).pipe(
    Effect.provide(MemoryHistory.layer)
  )

describe("MemoryHistory", () => {
  it.effect("gives what it was told, from an id on, voids apart and counted in", () =>
    play((history, past) =>
      Effect.gen(function* () {
        yield* past.set("btcusdt@trade", [5, 3, 4, 9].map(trade), [7, 6])
        assert.deepStrictEqual(yield* history.page(trades, 4, 1000), {
          events: [4, 5, 9].map(trade),
          voids: [6, 7]
        })
        const page = yield* history.page(trades, 4, 3)
        assert.deepStrictEqual([idsOf(page), page.voids], [[4, 5], [6]])
        assert.deepStrictEqual(yield* history.newest(trades), Option.some(9))
        yield* past.set("btcusdt@kline_1s", [1000, 2000].map(candle))
        assert.deepStrictEqual(idsOf(yield* history.page(candles, 1001, 10)), [2000])
        assert.deepStrictEqual(yield* history.newest(candles), Option.some(2999))
      })
    )
  )

  it.effect("knows nothing of what it was not told", () =>
    play((history) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* history.page(trades, 0, 10), { events: [], voids: [] })
        assert.deepStrictEqual(yield* history.newest(trades), Option.none())
      })
    )
  )

  it.effect("serves what the exchange's history does", () =>
    play((history) =>
      Effect.sync(() => {
        const names = [
          "btcusdt@trade",
          "btcusdt@aggTrade",
          "btcusdt@kline_1M@+08:00",
          "btcusdt@ticker",
          "!miniTicker@arr"
        ]
        assert.deepStrictEqual(names.map(stream).map(history.serves), [true, true, true, false, false])
      })
    )
  )

  it.effect("lags until it is told otherwise", () =>
    play((history, past) =>
      Effect.gen(function* () {
        yield* past.hideAbove("btcusdt@trade", 3)
        yield* past.set("btcusdt@trade", [1, 2, 3, 4].map(trade), [5])
        assert.deepStrictEqual(idsOf(yield* history.page(trades, 2, 10)), [2, 3])
        assert.deepStrictEqual(yield* history.newest(trades), Option.some(3))
        yield* past.hideAbove("btcusdt@trade", undefined)
        assert.deepStrictEqual(idsOf(yield* history.page(trades, 2, 10)), [2, 3, 4])
        assert.deepStrictEqual(yield* history.newest(trades), Option.some(5))
      })
    )
  )

  it.effect("fails as often as it is told, and counts what it is asked", () =>
    play((history, past) =>
      Effect.gen(function* () {
        yield* past.failNext(2, "no history today")
        assert.strictEqual((yield* Effect.flip(history.newest(trades))).message, "no history today")
        assert.strictEqual((yield* Effect.flip(history.page(candles, 7, 5)))._tag, "HistoryError")
        yield* history.newest(trades)
        assert.deepStrictEqual(yield* past.asked, [
          { ask: "newest", stream: "btcusdt@trade" },
          { ask: "page", stream: "btcusdt@kline_1s", from: 7, limit: 5 },
          { ask: "newest", stream: "btcusdt@trade" }
        ])
      })
    )
  )
})
