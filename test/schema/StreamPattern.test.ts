import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Schema from "effect/Schema"
import { spot } from "../../src/schema/Market.ts"
import { excepts, fitsSymbol, kindsOf, parse, parseAll } from "../../src/schema/StreamPattern.ts"
import { streamNames } from "../support/settings.ts"

const faultOf = (text: string): string => Result.getOrThrow(Result.flip(parse(text)))
const Letters = Schema.String.check(Schema.isPattern(/^[AB*]{0,8}$/))
const Word = Schema.String.check(Schema.isPattern(/^[AB]{0,8}$/))

describe("a pattern of streams", () => {
  it("is a name where nothing is left open", () => {
    for (const [text, name] of [
      [" BTCUSDT@trade ", "btcusdt@trade"],
      ["!miniTicker@arr", "!miniTicker@arr"]
    ] as const) {
      assert.deepStrictEqual<ReadonlyArray<unknown>>([Result.getOrThrow(parse(text))], streamNames(name))
    }
  })

  it.each([
    ["*usdt@trade", { _tag: "Every", text: "*usdt@trade", symbols: "*USDT", suffix: "trade", market: spot }],
    ["BTC*@kline_1m", { _tag: "Every", text: "BTC*@kline_1m", symbols: "BTC*", suffix: "kline_1m", market: spot }],
    ["*@aggTrade", { _tag: "Every", text: "*@aggTrade", symbols: "*", suffix: "aggTrade", market: spot }],
    [
      "top50:usdt@bookTicker",
      { _tag: "Top", text: "top50:usdt@bookTicker", count: 50, quote: "USDT", suffix: "bookTicker", market: spot }
    ],
    ["-shibusdt@*", { _tag: "Except", text: "-shibusdt@*", symbols: "shibusdt", suffix: "*" }],
    ["-*try@kline_*", { _tag: "Except", text: "-*try@kline_*", symbols: "*try", suffix: "kline_*" }],
    ["-btcusdt@trade", { _tag: "Except", text: "-btcusdt@trade", symbols: "btcusdt", suffix: "trade" }]
  ])("is read from %s", (text, expected) => {
    const parsed: object = Result.getOrThrow(parse(text))
    const { kind: _, ...rest } = { kind: undefined, ...parsed }
    assert.deepStrictEqual(rest, expected)
  })

  it.each([
    ["*usdt@trad", '"trad" is no stream kind: did you mean *usdt@trade?'],
    ["btcusdt@*", "every kind at once can only be taken away (-shibusdt@*): name the kind, such as *usdt@trade"],
    ["top0:usdt@trade", "the most traded are one at least, such as top50:usdt@bookTicker"],
    [
      "top5:*usdt@trade",
      "what stands before the @ is the asset that symbols are traded for, such as top50:usdt@bookTicker: turnovers in different assets cannot be compared"
    ],
    ["-shibusdt", "an exception is of symbols and kinds, such as -shibusdt@* or -*try@trade"],
    ["-!miniTicker@arr", "an exception is of symbols and kinds, such as -shibusdt@* or -*try@trade"],
    ["-shibusdt@kine*", '"kine*" fits no stream kind: -shibusdt@* takes away all of them']
  ])("is refused with advice: %s", (text, reason) => {
    assert.strictEqual(faultOf(text), reason)
  })

  it.prop("fits as a regular expression would", [Letters, Word], ([word, symbol]) => {
    const expected = new RegExp(`^${word.replaceAll("*", ".*")}$`).test(symbol)
    assert.strictEqual(fitsSymbol(word, symbol), expected)
  })
})

describe("a list of them", () => {
  it("keeps each once, names beside patterns", () => {
    const wanted = Result.getOrThrow(
      parseAll(["btcusdt@trade", "BTCUSDT@trade", "*usdt@kline_1m", "*USDT@kline_1m", "-ethusdt@*"])
    )
    assert.deepStrictEqual(wanted.streams, streamNames("btcusdt@trade"))
    assert.deepStrictEqual(
      wanted.patterns.map(({ text }) => text),
      ["*USDT@kline_1m", "-ethusdt@*"]
    )
    assert.deepStrictEqual(
      kindsOf(wanted).map(({ name }) => name),
      ["trade", "kline"]
    )
  })

  it("needs no market for names alone, whatever is excepted", () => {
    const wanted = Result.getOrThrow(parseAll(["btcusdt@trade", "-ethusdt@*"]))
    assert.deepStrictEqual(wanted, { streams: streamNames("btcusdt@trade"), patterns: [] })
  })

  it("tells every bad item, and a name that it takes away itself", () => {
    assert.deepStrictEqual(
      Result.getOrThrow(Result.flip(parseAll(["btcusdt@trade", "*@trad", "top0:usdt@trade"]))).map(({ item }) => item),
      ["*@trad", "top0:usdt@trade"]
    )
    assert.deepStrictEqual(
      parseAll(["ethusdt@trade", "-eth*@*"]),
      Result.fail([{ item: "ethusdt@trade", reason: "-eth*@* takes it away again" }])
    )
  })

  it("excepts nothing of the streams of all symbols", () => {
    const [all] = streamNames("!miniTicker@arr")
    assert.isDefined(all)
    if (all !== undefined) assert.isFalse(excepts({ symbols: "*", suffix: "*" }, all))
  })
})
