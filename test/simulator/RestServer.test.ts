import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { get } from "./client.ts"

const start = Date.UTC(2026, 10, 23, 15, 59, 57)

const make = (options: Partial<Simulator.SimulatorOptions> = {}) => Simulator.make({ start, rate: 300, ...options })

const call = (simulator: Simulator.Simulator, path: string, headers: Record<string, string> = {}) =>
  get(`${simulator.restUrl}/api/v3/${path}`, headers)

const rows = <Row>(simulator: Simulator.Simulator, path: string) =>
  Effect.map(call(simulator, path), ({ text }): ReadonlyArray<Row> => JSON.parse(text))

interface TradeRow {
  readonly id: number
  readonly price: string
  readonly qty: string
  readonly quoteQty: string
  readonly isBuyerMaker: boolean
  readonly isBestMatch: boolean
  readonly time: number
}

interface AggregateRow {
  readonly a: number
  readonly T: number
}

type CandleRow = readonly [
  open: number,
  ...prices: readonly [string, string, string, string],
  volume: string,
  close: number,
  quote: string,
  count: number
]

/** Drops the places that only pad. */
const units = (decimal: string): bigint => BigInt(decimal.replace(".", ""))

describe("REST", () => {
  it.effect(
    "lists a symbol that comes, and keeps one that goes in BREAK, with what was traded of each in 24 hours",
    () =>
      Effect.gen(function* () {
        const simulator = yield* make({ symbols: ["BTCUSDT", "ETHUSDT"], shares: { ETHUSDT: 3 } })
        const listed = Effect.map(call(simulator, "exchangeInfo?showPermissionSets=false"), ({ text }) =>
          JSON.parse(text).symbols.map((one: Record<string, string>) => [
            one["symbol"],
            one["status"],
            one["quoteAsset"]
          ])
        )
        yield* TestClock.adjust("5 seconds")
        simulator.list("NEWUSDT")
        simulator.delist("BTCUSDT")
        const { last } = simulator.ledger.generated("BTCUSDT")!.trades
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(yield* listed, [
          ["BTCUSDT", "BREAK", "USDT"],
          ["ETHUSDT", "TRADING", "USDT"],
          ["NEWUSDT", "TRADING", "USDT"]
        ])
        assert.strictEqual(simulator.ledger.generated("BTCUSDT")!.trades.last, last)
        const trades = yield* rows<TradeRow>(simulator, "trades?symbol=NEWUSDT")
        assert.isNotEmpty(trades)
        const [day, ...others] = yield* rows<Record<string, string>>(
          simulator,
          "ticker/24hr?symbols=%5B%22NEWUSDT%22%5D"
        )
        assert.isEmpty(others)
        const sum = trades.reduce((all, { quoteQty }) => all + units(quoteQty), 0n)
        assert.strictEqual(units(day!["quoteVolume"]!), sum)
        const all = yield* call(simulator, "ticker/24hr?type=MINI")
        assert.strictEqual(JSON.parse(all.text).length, 3)
        simulator.list("BTCUSDT")
        yield* TestClock.adjust("5 seconds")
        assert.isAbove(simulator.ledger.generated("BTCUSDT")!.trades.last, last)
      })
  )

  it.effect("serves trades by id, page by page, as the streams carry them", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("10 seconds")
      const { first, last } = simulator.ledger.generated("BTCUSDT")!.trades
      const pages: Array<TradeRow> = []
      for (let from = first; from <= last; from += 400) {
        pages.push(...(yield* rows<TradeRow>(simulator, `historicalTrades?symbol=BTCUSDT&fromId=${from}&limit=400`)))
      }
      assert.deepStrictEqual(
        pages.map(({ id }) => id),
        Array.from({ length: last - first + 1 }, (_, index) => first + index)
      )
      for (const row of pages) {
        const payload = JSON.parse(simulator.ledger.tradePayload("BTCUSDT", row.id)!)
        assert.deepStrictEqual(row, {
          id: payload.t,
          price: payload.p,
          qty: payload.q,
          quoteQty: row.quoteQty,
          time: payload.T,
          isBuyerMaker: payload.m,
          isBestMatch: true
        })
        assert.strictEqual(units(row.price) * units(row.qty), units(row.quoteQty) * 100_000_000n)
      }
      const recent = yield* rows<TradeRow>(simulator, "trades?symbol=BTCUSDT")
      assert.strictEqual(recent.length, 500)
      assert.deepStrictEqual(recent, yield* rows<TradeRow>(simulator, "historicalTrades?symbol=BTCUSDT"))
      assert.strictEqual(recent.at(-1)!.id, last)
      assert.strictEqual((yield* rows<TradeRow>(simulator, "trades?symbol=BTCUSDT&limit=99999")).length, 1000)
      assert.deepStrictEqual(yield* rows<TradeRow>(simulator, `historicalTrades?symbol=BTCUSDT&fromId=${last + 1}`), [])
    })
  )

  it.effect("serves aggregates by id and by time, both ends included", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("5 seconds")
      const { first, last } = simulator.ledger.generated("ETHUSDT")!.aggregates
      const all = yield* rows<AggregateRow>(simulator, `aggTrades?symbol=ETHUSDT&fromId=${first}&limit=1000`)
      assert.strictEqual(all.length, last - first + 1)
      for (const row of all) {
        const { e: _, E: __, s: ___, ...payload } = JSON.parse(simulator.ledger.aggregatePayload("ETHUSDT", row.a)!)
        assert.deepStrictEqual(row, payload)
      }
      const [from, to] = [all[100]!.T, all[200]!.T]
      const inside = all.filter(({ T }) => T >= from && T <= to)
      const times = `aggTrades?symbol=ETHUSDT&startTime=${from}&endTime=${to}`
      assert.deepStrictEqual(yield* rows<AggregateRow>(simulator, times), inside)
      assert.deepStrictEqual(yield* rows<AggregateRow>(simulator, `${times}&limit=10`), inside.slice(0, 10))
      const until = `aggTrades?symbol=ETHUSDT&endTime=${to}&limit=10`
      assert.deepStrictEqual(yield* rows<AggregateRow>(simulator, until), inside.slice(-10))
      assert.deepStrictEqual(yield* rows<AggregateRow>(simulator, "aggTrades?symbol=ETHUSDT&limit=1"), all.slice(-1))
    })
  )

  it.effect("serves candles that add up to the trades, the open one last", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      yield* TestClock.adjust("8 seconds")
      const trades = yield* rows<TradeRow>(simulator, "trades?symbol=BNBUSDT&limit=1000")
      const candles = yield* rows<CandleRow>(simulator, `klines?symbol=BNBUSDT&interval=1s&startTime=${start}`)
      assert.strictEqual(candles.length, 9)
      for (const [open, , , , , volume, close, quote, count] of candles) {
        const inside = trades.filter(({ time }) => time >= open && time <= close)
        assert.strictEqual(close, open + 999)
        assert.strictEqual(count, inside.length)
        assert.strictEqual(
          units(volume),
          inside.reduce((sum, { qty }) => sum + units(qty), 0n)
        )
        assert.strictEqual(
          units(quote),
          inside.reduce((sum, { quoteQty }) => sum + units(quoteQty), 0n)
        )
      }
      const between = `klines?symbol=BNBUSDT&interval=1s&startTime=${start + 2000}&endTime=${start + 4000}`
      assert.deepStrictEqual(yield* rows<CandleRow>(simulator, between), candles.slice(2, 5))
      assert.deepStrictEqual(yield* rows<CandleRow>(simulator, `${between}&limit=1`), candles.slice(2, 3))
      const [east] = yield* rows<CandleRow>(simulator, "klines?symbol=BNBUSDT&interval=1d&timeZone=8&limit=1")
      assert.strictEqual(east![0], start + 3000)
      const micros = yield* call(simulator, "klines?symbol=BNBUSDT&interval=1s&limit=1", {
        "X-MBX-TIME-UNIT": "MICROSECOND"
      })
      assert.strictEqual(JSON.parse(micros.text)[0][6], (start + 9000) * 1000 - 1)
    })
  )

  it.effect("serves time, ping and the symbols", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      assert.strictEqual((yield* call(simulator, "ping")).text, "{}")
      const time = yield* call(simulator, "time")
      assert.strictEqual(time.text, `{"serverTime":${start}}`)
      assert.strictEqual(time.headers.get("date"), new Date(start).toUTCString())
      const info = (path: string) =>
        Effect.map(call(simulator, `exchangeInfo${path}`), ({ text }) =>
          JSON.parse(text).symbols.map(
            ({ symbol, status }: { readonly symbol: string; readonly status: string }) => `${symbol} ${status}`
          )
        )
      simulator.market.symbols.get("ETHUSDT")!.status = "BREAK"
      assert.deepStrictEqual(yield* info(""), ["BTCUSDT TRADING", "ETHUSDT BREAK", "BNBUSDT TRADING"])
      assert.deepStrictEqual(yield* info("?symbol=ETHUSDT"), ["ETHUSDT BREAK"])
      assert.deepStrictEqual(yield* info(`?symbols=${encodeURIComponent('["BTCUSDT","BNBUSDT"]')}`), [
        "BTCUSDT TRADING",
        "BNBUSDT TRADING"
      ])
      assert.deepStrictEqual(yield* info("?symbolStatus=TRADING"), ["BTCUSDT TRADING", "BNBUSDT TRADING"])
      const { text } = yield* call(simulator, "exchangeInfo?symbol=BTCUSDT")
      const { symbols, rateLimits } = JSON.parse(text)
      assert.deepInclude(symbols[0], { baseAsset: "BTC", quoteAsset: "USDT" })
      assert.strictEqual(rateLimits[0].limit, 6000)
    })
  )

  it.effect("complains as the exchange does", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const complaints: ReadonlyArray<readonly [path: string, code: number, message: RegExp]> = [
        ["trades?symbol=NOSUCH", -1121, /^Invalid symbol\.$/],
        ["trades?symbol=btcusdt", -1121, /^Invalid symbol\.$/],
        ["trades", -1102, /^Mandatory parameter 'symbol' was not sent/],
        ["klines?symbol=BTCUSDT", -1102, /^Mandatory parameter 'interval' was not sent/],
        ["klines?symbol=BTCUSDT&interval=7x", -1120, /^Invalid interval\.$/],
        ["klines?symbol=BTCUSDT&interval=1d&timeZone=99", -1130, /timeZone/],
        ["trades?symbol=BTCUSDT&limit=ten", -1100, /^Illegal characters found in parameter 'limit'/],
        ["trades?symbol=BTCUSDT&limit=0", -1130, /'limit'/],
        ["trades?symbol=BTCUSDT&fromId=1", -1104, /^Not all sent parameters were read; read '1' .* sent '2'\.$/],
        ["aggTrades?symbol=BTCUSDT&fromId=1&startTime=1", -1128, /^Combination/],
        ["exchangeInfo?symbol=NOSUCH", -1121, /^Invalid symbol\.$/],
        ['exchangeInfo?symbols=["BTCUSDT","NOSUCH"]', -1121, /^Invalid symbol\.$/],
        ["exchangeInfo?symbols=BTCUSDT", -1100, /'symbols'/]
      ]
      for (const [path, code, message] of complaints) {
        const { status, text } = yield* call(simulator, path)
        assert.strictEqual(status, 400, path)
        assert.strictEqual(JSON.parse(text).code, code, path)
        assert.match(JSON.parse(text).msg, message)
      }
      assert.strictEqual((yield* call(simulator, "nosuch")).status, 404)
    })
  )

  it.effect("counts weights, refuses with 429 and bans who does not listen with 418", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rest: { weightPerMinute: 100, patience: 2 } })
      const trades = call(simulator, "trades?symbol=BTCUSDT")
      const used = ({ headers }: { readonly headers: Headers }) => headers.get("x-mbx-used-weight-1m")
      assert.strictEqual(used(yield* call(simulator, "depth?symbol=BTCUSDT&limit=1000")), "50")
      assert.strictEqual(used(yield* trades), "75")
      assert.strictEqual(used(yield* trades), "100")
      const refused = yield* trades
      assert.strictEqual(refused.status, 429)
      assert.strictEqual(JSON.parse(refused.text).code, -1003)
      assert.strictEqual(refused.headers.get("retry-after"), "3")
      assert.strictEqual((yield* call(simulator, "ping")).status, 429)
      const banned = yield* trades
      assert.strictEqual(banned.status, 418)
      assert.strictEqual(banned.headers.get("retry-after"), "120")
      yield* TestClock.adjust("119 seconds")
      assert.strictEqual((yield* trades).status, 418)
      yield* TestClock.adjust("1 second")
      const free = yield* trades
      assert.deepStrictEqual([free.status, used(free)], [200, "25"])
    })
  )

  it.effect("lets who waits for the next minute go on", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rest: { weightPerMinute: 50 } })
      const trades = call(simulator, "trades?symbol=BTCUSDT")
      yield* trades
      yield* trades
      const refused = yield* trades
      yield* TestClock.adjust(`${Number(refused.headers.get("retry-after"))} seconds`)
      assert.strictEqual((yield* trades).status, 200)
    })
  )
})
