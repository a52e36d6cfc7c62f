import { assert, describe, it } from "@effect/vitest"
import { intervals } from "../../src/schema/intervals.ts"
import type { Candle, CandleSeries } from "../../src/simulator/Candles.ts"
import { Market, type MarketOptions } from "../../src/simulator/Market.ts"
import type { Level } from "../../src/simulator/OrderBook.ts"
import type { SymbolMarket } from "../../src/simulator/SymbolMarket.ts"
import { candleBounds, EAST_8 } from "../../src/simulator/time.ts"
import type { TradeRow } from "../../src/simulator/TradeTape.ts"

// Three seconds before a new day in UTC+8, so that candles of many lengths close.
const start = Date.UTC(2026, 10, 23, 15, 59, 57)

const makeMarket = (options: Partial<MarketOptions> = {}) => new Market({ start, rate: 400, history: 100, ...options })

const symbolOf = (market: Market, name = "BTCUSDT"): SymbolMarket => market.symbols.get(name)!

/** Runs for `millis` in steps of `step`. */
const run = (market: Market, millis: number, step = 10) => {
  for (let at = step; at <= millis; at += step) market.step(start + at)
}

const tradesOf = ({ trades }: SymbolMarket): ReadonlyArray<TradeRow> =>
  Array.from({ length: trades.nextId - trades.oldestId }, (_, index) => trades.trade(trades.oldestId + index)!)

describe("Market", () => {
  it("numbers the trades of each symbol without holes, in the order of time", () => {
    const market = makeMarket()
    const seen: Array<number> = []
    market.listen({
      order: (symbol, _, first, last) => {
        if (symbol.symbol === "ETHUSDT") for (let id = first; id <= last; id++) seen.push(id)
      },
      candleClosed: () => {},
      blockTrade: () => {}
    })
    const before = symbolOf(market, "ETHUSDT").trades.nextId
    run(market, 5000)
    assert.isAbove(seen.length, 400)
    assert.deepStrictEqual(
      seen,
      seen.map((_, index) => before + index)
    )
    const rows = tradesOf(symbolOf(market, "ETHUSDT"))
    assert.isTrue(rows.every((row, index) => index === 0 || row.time >= rows[index - 1]!.time))
    assert.isTrue(rows.every((row) => row.eventTime >= row.time))
  })

  it("gives each symbol ids of its own", () => {
    const ids = [...makeMarket().symbols.values()].map(({ trades }) => trades.firstId)
    assert.strictEqual(new Set(ids).size, 3)
  })

  it("makes the same trades from the same seed, however it is stepped", () => {
    const trades = (options: Partial<MarketOptions>, step: number) => {
      const market = makeMarket(options)
      run(market, 3000, step)
      return tradesOf(symbolOf(market)).map(({ id, ticks, lots, time, buyerIsMaker }) =>
        [id, ticks, lots, time, buyerIsMaker].join()
      )
    }
    assert.deepStrictEqual(trades({}, 10), trades({}, 1000))
    assert.notDeepEqual(trades({ seed: "another" }, 10), trades({}, 10))
  })

  it("trades at about the rate, by the shares", () => {
    const market = makeMarket({ rate: 1000, shares: { BTCUSDT: 8 }, history: 0 })
    run(market, 20_000)
    const counts = [...market.symbols.values()].map(({ trades }) => trades.nextId - trades.firstId)
    assert.approximately(counts[0]!, 16_000, 800)
    assert.approximately(counts[1]!, 2000, 300)
    assert.approximately(counts[2]!, 2000, 300)
  })

  it("keeps candles of every interval that add up exactly to the trades", () => {
    const market = makeMarket()
    run(market, 8000)
    for (const symbol of market.symbols.values()) {
      const rows = tradesOf(symbol)
      for (const offset of [0, EAST_8]) {
        for (const interval of intervals) {
          const { closed, current } = symbol.candles.series(interval, offset)
          for (const candle of [...closed, current]) {
            const inside = rows.filter(({ time }) => time >= candle.open * 1000 && time < candle.end * 1000)
            const sum = (part: ReadonlyArray<TradeRow>, of: (row: TradeRow) => bigint) =>
              part.reduce((total, row) => total + of(row), 0n)
            const quote = (row: TradeRow) => BigInt(row.ticks) * BigInt(row.lots)
            const taken = inside.filter((row) => !row.buyerIsMaker)
            assert.strictEqual(candle.count, inside.length)
            assert.strictEqual(
              candle.base,
              sum(inside, (row) => BigInt(row.lots))
            )
            assert.strictEqual(candle.quote, sum(inside, quote))
            assert.strictEqual(
              candle.takerBase,
              sum(taken, (row) => BigInt(row.lots))
            )
            assert.strictEqual(candle.takerQuote, sum(taken, quote))
            assert.strictEqual(candle.first, inside[0]?.id ?? -1)
            assert.strictEqual(candle.last, inside.at(-1)?.id ?? -1)
            if (inside.length === 0) continue
            const prices = inside.map(({ ticks }) => ticks)
            assert.strictEqual(candle.openPrice, prices[0])
            assert.strictEqual(candle.closePrice, prices.at(-1))
            assert.strictEqual(candle.high, Math.max(...prices))
            assert.strictEqual(candle.low, Math.min(...prices))
          }
        }
      }
    }
  })

  it("keeps sums exact that a double could not hold", () => {
    const market = makeMarket({ rate: 250_000, symbols: ["BTCUSDT"], history: 0 })
    run(market, 2000, 1000)
    const symbol = symbolOf(market)
    const [second] = symbol.candles.series("1s", 0).closed
    const rows = tradesOf(symbol).filter(({ time }) => time < second!.end * 1000)
    const quote = rows.reduce((sum, row) => sum + BigInt(row.ticks) * BigInt(row.lots), 0n)
    assert.isAbove(Number(quote), Number.MAX_SAFE_INTEGER)
    assert.strictEqual(second!.quote, quote)
  })

  it("closes each candle once, those without trades too, one after the other", () => {
    const market = makeMarket({ rate: 2, history: 2 })
    const closed = new Map<CandleSeries, Array<Candle>>()
    market.listen({
      order: () => {},
      candleClosed: (symbol, series, candle) => {
        if (symbol.symbol === "BNBUSDT") closed.set(series, [...(closed.get(series) ?? []), { ...candle }])
      },
      blockTrade: () => {}
    })
    run(market, 200_000, 1000)
    const lengths = [...closed].map(([series, candles]) => `${series.interval}+${series.offset}:${candles.length}`)
    assert.include(lengths, "1s+0:200")
    assert.include(lengths, "1m+0:4")
    assert.include(lengths, `1d+${EAST_8}:1`)
    assert.notInclude(
      lengths.map((text) => text.slice(0, 5)),
      "1d+0:"
    )
    for (const [series, candles] of closed) {
      assert.deepStrictEqual(candles, series.closed.slice(-candles.length))
      assert.isTrue(candles.every((candle, index) => index === 0 || candle.open === candles[index - 1]!.end))
    }
    const empty = [...closed].find(([{ interval }]) => interval === "1s")![1].filter(({ count }) => count === 0)
    assert.isAbove(empty.length, 10)
    assert.isTrue(empty.every((candle) => candle.first === -1 && candle.last === -1 && candle.base === 0n))
  })

  it("covers every trade with exactly one aggregate of one price, side and time", () => {
    const market = makeMarket()
    run(market, 3000)
    for (const { trades } of market.symbols.values()) {
      let next = trades.firstId
      for (let id = trades.firstAggregateId; id < trades.nextAggregateId; id++) {
        const aggregate = trades.aggregate(id)!
        assert.strictEqual(aggregate.first, next)
        next = aggregate.last + 1
        let lots = 0
        for (let trade = aggregate.first; trade <= aggregate.last; trade++) {
          const row = trades.trade(trade)!
          lots += row.lots
          assert.deepStrictEqual(
            [row.ticks, row.time, row.buyerIsMaker],
            [aggregate.ticks, aggregate.time, aggregate.buyerIsMaker]
          )
        }
        assert.strictEqual(aggregate.lots, lots)
      }
      assert.strictEqual(next, trades.nextId)
    }
  })

  it("keeps a bounded number of trades and whole aggregates only", () => {
    const market = makeMarket({ keepTrades: 6000, rate: 5000 })
    run(market, 4000)
    const { trades } = symbolOf(market)
    assert.isAbove(trades.oldestId, trades.firstId)
    assert.strictEqual(trades.nextId - trades.oldestId, 2000)
    assert.isUndefined(trades.trade(trades.oldestId - 1))
    assert.isUndefined(trades.trade(trades.nextId))
    const oldest = trades.aggregate(trades.oldestAggregateId)!
    assert.isAtLeast(oldest.first, trades.oldestId)
    assert.isBelow(oldest.first - trades.oldestId, 5)
  })

  it("catches up with a clock in small steps, and takes a jump for a halt", () => {
    const market = makeMarket({ symbols: ["BTCUSDT"] })
    const { trades, candles } = symbolOf(market)
    market.follow(start + 1000)
    assert.strictEqual(market.now, (start + 50) * 1000)
    for (let call = 0; call < 30; call++) market.follow(start + 1000)
    assert.strictEqual(market.now, (start + 1000) * 1000)
    const before = trades.nextId
    market.follow(start + 3_600_000)
    assert.strictEqual(market.now, (start + 3_600_000) * 1000)
    assert.strictEqual(trades.nextId, before)
    assert.strictEqual(candles.series("1m", 0).closed.at(-1)!.count, 0)
    market.follow(start + 3_600_050)
    market.follow(start + 3_600_100)
    assert.isAbove(trades.nextId, before)
  })

  it("makes no trade while a symbol is not trading", () => {
    const market = makeMarket()
    const symbol = symbolOf(market)
    symbol.status = "HALT"
    const before = symbol.trades.nextId
    run(market, 1000)
    assert.strictEqual(symbol.trades.nextId, before)
    symbol.status = "TRADING"
    market.step(start + 2000)
    assert.isAbove(symbol.trades.nextId, before)
  })
})

describe("OrderBook", () => {
  it("turns an earlier snapshot into the present book by the differences between", () => {
    const market = makeMarket({ rate: 2000 })
    const { book } = symbolOf(market)
    const apply = (side: Map<number, number>, levels: ReadonlyArray<Level>) => {
      for (const [ticks, lots] of levels) {
        if (lots === 0) side.delete(ticks)
        else side.set(ticks, lots)
      }
    }
    const bids = new Map(book.bids(5000))
    const asks = new Map(book.asks(5000))
    const watch = book.watch()
    let last = book.updateId
    for (let at = 100; at <= 5000; at += 100) {
      market.step(start + at)
      const difference = watch.drain()
      if (difference === undefined) continue
      assert.strictEqual(difference.first, last + 1)
      last = difference.last
      apply(bids, difference.bids)
      apply(asks, difference.asks)
    }
    assert.strictEqual(last, book.updateId)
    assert.isUndefined(watch.drain())
    assert.deepStrictEqual(bids, new Map(book.bids(5000).toReversed().toSorted(byPlaceIn(bids))))
    assert.deepStrictEqual(asks, new Map(book.asks(5000).toSorted(byPlaceIn(asks))))
  })
})

/** `deepStrictEqual` of maps minds their order. */
const byPlaceIn = (map: Map<number, number>) => {
  const places = new Map([...map.keys()].map((key, index) => [key, index]))
  return ([one]: Level, [other]: Level) => (places.get(one) ?? 0) - (places.get(other) ?? 0)
}

describe("candleBounds", () => {
  it("opens weeks on Monday, months on the first, and days at the offset's midnight", () => {
    const at = Date.UTC(2028, 1, 29, 20, 30)
    const bounds = (interval: "1w" | "1M" | "1d", offset: number) => {
      const { open, end } = candleBounds(interval, offset, at)
      return [new Date(open).toISOString(), new Date(end).toISOString()]
    }
    assert.deepStrictEqual(bounds("1w", 0), ["2028-02-28T00:00:00.000Z", "2028-03-06T00:00:00.000Z"])
    assert.deepStrictEqual(bounds("1M", 0), ["2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"])
    assert.deepStrictEqual(bounds("1M", EAST_8), ["2028-02-29T16:00:00.000Z", "2028-03-31T16:00:00.000Z"])
    assert.deepStrictEqual(bounds("1d", EAST_8), ["2028-02-29T16:00:00.000Z", "2028-03-01T16:00:00.000Z"])
  })
})
