import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Schema from "effect/Schema"
import * as Selection from "../../src/pipeline/Selection.ts"
import { excepts, parseAll } from "../../src/schema/StreamPattern.ts"
import type { Listing } from "../../src/services/ExchangeInfo.ts"

const listing = (symbol: string, status = "TRADING"): Listing => ({
  symbol,
  status,
  quoteAsset: symbol.endsWith("BTC") ? "BTC" : "USDT"
})

const market: Selection.Market = {
  listings: [
    listing("ETHUSDT"),
    listing("BTCUSDT"),
    listing("ETHBTC"),
    listing("OLDUSDT", "BREAK"),
    listing("SHIBUSDT")
  ],
  turnovers: new Map([
    ["BTCUSDT", 900],
    ["ETHUSDT", 500],
    ["SHIBUSDT", 700],
    ["ETHBTC", 9000],
    ["OLDUSDT", 99_999]
  ])
}

const selected = (...items: ReadonlyArray<string>) => Selection.select(Result.getOrThrow(parseAll(items)), market)
const namesOf = (...items: ReadonlyArray<string>) => selected(...items).streams.map(({ name }) => name)

describe("Selection", () => {
  it("takes every symbol that fits and is traded", () => {
    assert.deepStrictEqual(namesOf("*usdt@trade"), ["btcusdt@trade", "ethusdt@trade", "shibusdt@trade"])
  })

  it("takes the most traded for one asset", () => {
    assert.deepStrictEqual(namesOf("top2:usdt@bookTicker"), ["btcusdt@bookTicker", "shibusdt@bookTicker"])
    assert.deepStrictEqual(namesOf("top9:btc@bookTicker"), ["ethbtc@bookTicker"])
  })

  it("counts the most traded without those that are excepted", () => {
    assert.deepStrictEqual(namesOf("-shib*@*", "top2:usdt@trade"), ["btcusdt@trade", "ethusdt@trade"])
  })

  it("keeps what is named outright, listed or not", () => {
    assert.deepStrictEqual(namesOf("oldusdt@trade", "newusdt@trade", "!miniTicker@arr", "eth*@trade", "-ethbtc@*"), [
      "oldusdt@trade",
      "newusdt@trade",
      "!miniTicker@arr",
      "ethusdt@trade"
    ])
  })

  it("tells which patterns ask for nothing, and what an exception takes away", () => {
    const result = selected("*usdt@trade", "*eur@trade", "top5:eur@ticker", "-shibusdt@*", "-dogeusdt@*")
    assert.deepStrictEqual(
      Selection.idle(result).map(({ text }) => text),
      ["*eur@trade", "top5:eur@ticker"]
    )
    assert.deepStrictEqual(
      result.matches.map(({ pattern, streams }) => [pattern.text, streams.length]),
      [
        ["*usdt@trade", 2],
        ["*eur@trade", 0],
        ["top5:eur@ticker", 0],
        ["-shibusdt@*", 1],
        ["-dogeusdt@*", 0]
      ]
    )
  })

  const Symbols = Schema.Array(Schema.Literals(["AUSDT", "BUSDT", "ABUSDT", "AUSDC", "BBTC", "ABBTC"]))
  const Items = Schema.Array(
    Schema.Literals([
      "*usdt@trade",
      "a*@trade",
      "*@kline_1m",
      "top1:usdt@trade",
      "top3:usdt@ticker",
      "ausdt@trade",
      "-b*@*",
      "-*usdt@kline_*",
      "-ab*@trade"
    ])
  )
  const Turnovers = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })))

  it.prop(
    "gives each stream once, none that is excepted, and only of symbols that are there; their order does not matter",
    [Symbols, Items, Turnovers, Schema.Boolean],
    ([symbols, items, amounts, isReversed]) => {
      const parsed = parseAll(items)
      if (Result.isFailure(parsed)) return
      const listings = [...new Set(symbols)].map((symbol) => listing(symbol))
      const turnovers = new Map(listings.map(({ symbol }, index) => [symbol, amounts[index] ?? 0]))
      const wanted = parsed.success
      const { matches, streams } = Selection.select(wanted, { listings, turnovers })
      const names = streams.map(({ name }) => name)
      assert.strictEqual(new Set(names).size, names.length)
      for (const stream of streams) {
        if (wanted.streams.some(({ name }) => name === stream.name)) continue
        assert.include(symbols, stream.symbol)
        assert.isFalse(wanted.patterns.some((one) => one._tag === "Except" && excepts(one, stream)))
      }
      for (const { pattern, streams: some } of matches) {
        if (pattern._tag !== "Top") continue
        assert.isAtMost(some.length, pattern.count)
        const least = Math.min(...some.map(({ symbol = "" }) => turnovers.get(symbol) ?? 0))
        const left = listings.filter(
          ({ quoteAsset, symbol }) =>
            quoteAsset === pattern.quote &&
            !some.some((stream) => stream.symbol === symbol) &&
            !wanted.patterns.some(
              (one) =>
                one._tag === "Except" &&
                excepts(one, { name: "", kind: pattern.kind, symbol, suffix: pattern.suffix, type: "" })
            )
        )
        if (some.length < pattern.count) assert.deepStrictEqual(left, [])
        for (const { symbol } of left) assert.isAtMost(turnovers.get(symbol) ?? 0, least)
      }
      const other = isReversed ? listings.toReversed() : listings
      const again = Selection.select(
        { ...wanted, patterns: wanted.patterns.toReversed() },
        { listings: other, turnovers }
      )
      assert.sameMembers(
        again.streams.map(({ name }) => name),
        names
      )
    }
  )
})
