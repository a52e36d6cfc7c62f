import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { streamKinds } from "../../src/schema/kinds/registry.ts"
import { parseStreamName } from "../../src/schema/StreamName.ts"

const parsed = (text: string) => {
  const { kind, ...rest } = Result.getOrThrow(parseStreamName(text))
  return { kind: kind.name, ...rest }
}
const fault = (text: string) => {
  const result = parseStreamName(text)
  return Result.isFailure(result) ? result.failure : undefined
}

describe("parseStreamName", () => {
  it.each([
    ["btcusdt@trade", "trade", "trade"],
    ["btcusdt@aggTrade", "aggTrade", "aggTrade"],
    ["btcusdt@blockTrade", "blockTrade", "blockTrade"],
    ["btcusdt@kline_1m", "kline", "kline"],
    ["btcusdt@kline_1M", "kline", "kline"],
    ["btcusdt@kline_1d@+08:00", "kline", "kline"],
    ["btcusdt@miniTicker", "miniTicker", "miniTicker"],
    ["btcusdt@ticker", "ticker", "ticker"],
    ["btcusdt@ticker_1h", "windowTicker", "ticker_1h"],
    ["btcusdt@ticker_4h", "windowTicker", "ticker_4h"],
    ["btcusdt@ticker_1d", "windowTicker", "ticker_1d"],
    ["btcusdt@bookTicker", "bookTicker", "bookTicker"],
    ["btcusdt@avgPrice", "avgPrice", "avgPrice"],
    ["btcusdt@depth", "depth", "depth"],
    ["btcusdt@depth@100ms", "depth", "depth"],
    ["btcusdt@depth5", "partialDepth", "depth5"],
    ["btcusdt@depth10@100ms", "partialDepth", "depth10"],
    ["btcusdt@depth20@100ms", "partialDepth", "depth20"],
    ["btcusdt@referencePrice", "referencePrice", "referencePrice"]
  ])("takes %s apart", (name, kind, type) => {
    assert.deepStrictEqual(parsed(name), { kind, name, symbol: "BTCUSDT", suffix: name.slice("btcusdt@".length), type })
  })

  it.each([
    ["!miniTicker@arr", "miniTicker", "miniTicker"],
    ["!ticker_1h@arr", "windowTicker", "ticker_1h"],
    ["!ticker_1d@arr", "windowTicker", "ticker_1d"]
  ])("takes %s as a stream of every symbol", (name, kind, type) => {
    assert.deepStrictEqual(parsed(name), { kind, name, symbol: undefined, suffix: name, type })
  })

  it("knows all sixteen intervals, each with and without the day of UTC+8", () => {
    const suffixes = streamKinds.find((kind) => kind.name === "kline")?.suffixes ?? []
    const intervals = "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M".split(" ")
    assert.sameMembers(
      [...suffixes],
      intervals.flatMap((interval) => [`kline_${interval}`, `kline_${interval}@+08:00`])
    )
  })

  it("tells a minute from a month", () => {
    assert.strictEqual(parsed("btcusdt@kline_1m").suffix, "kline_1m")
    assert.strictEqual(parsed("btcusdt@kline_1M").suffix, "kline_1M")
    assert.isDefined(fault("btcusdt@kline_1H"))
  })

  it("takes the symbol in any case and alphabet, and blanks around the name", () => {
    for (const text of ["BTCUSDT@kline_1M", "BtcUsdt@kline_1M", "  btcusdt@kline_1M\t"]) {
      const { name, symbol } = parsed(text)
      assert.deepStrictEqual({ name, symbol }, { name: "btcusdt@kline_1M", symbol: "BTCUSDT" })
    }
    assert.include(parsed("币安人生USDT@trade"), { name: "币安人生usdt@trade", symbol: "币安人生USDT" })
    assert.include(parsed("1000satsusdt@trade"), { symbol: "1000SATSUSDT" })
  })

  it("takes each kind's example, and gives the same for a name that it gave", () => {
    for (const kind of streamKinds) {
      const result = parsed(kind.example)
      assert.strictEqual(result.kind, kind.name)
      assert.deepStrictEqual(parsed(result.name), result)
    }
  })

  it.each([
    ["", "a stream's name is missing, such as btcusdt@trade"],
    ["   ", "a stream's name is missing, such as btcusdt@trade"],
    ["BTCUSDT", "the stream's kind is missing after the symbol, such as btcusdt@trade"],
    ["@trade", "the symbol is missing before the @, such as btcusdt@trade"],
    [
      "btc usdt@trade",
      'the symbol "btc usdt" holds what no symbol has (a blank, a slash, a quote, a bracket, an invisible character): write it as btcusdt'
    ],
    [
      "BTC/USDT@trade",
      'the symbol "BTC/USDT" holds what no symbol has (a blank, a slash, a quote, a bracket, an invisible character): write it as btcusdt'
    ],
    [
      '["btcusdt@trade',
      'the symbol "[\\"btcusdt" holds what no symbol has (a blank, a slash, a quote, a bracket, an invisible character): write it as btcusdt'
    ],
    [
      "btcusdt@trade;ethusdt@trade",
      '"trade;ethusdt@trade" is no stream kind: separate streams by commas, for example btcusdt@trade,ethusdt@trade'
    ],
    [
      "btcusdt@kline_7x",
      '"kline_7x" is no stream kind: expected one of kline_1s, kline_1m, kline_3m, kline_5m, kline_15m, kline_30m, kline_1h, kline_2h, kline_4h, kline_6h, kline_8h, kline_12h, kline_1d, kline_3d, kline_1w, kline_1M, each also with @+08:00, for example btcusdt@kline_1s'
    ],
    [
      "btcusdt@ticker_2h",
      '"ticker_2h" is no stream kind: expected one of ticker, ticker_1h, ticker_4h, ticker_1d, for example btcusdt@ticker'
    ],
    [
      "btcusdt@depth7",
      '"depth7" is no stream kind: expected one of depth, depth5, depth10, depth20, each also with @100ms, for example btcusdt@depth'
    ],
    [
      "btcusdt@depth@1000ms",
      '"depth@1000ms" is no stream kind: once a second is the speed of depth, depth5, depth10 and depth20 without a suffix'
    ],
    ["btcusdt@booktTicker", '"booktTicker" is no stream kind: did you mean btcusdt@bookTicker?'],
    ["BTCUSDT@trades", '"trades" is no stream kind: did you mean btcusdt@trade?'],
    ["btcusdt@ trade", '" trade" is no stream kind: did you mean btcusdt@trade?'],
    ["btcusdt@bookticker", '"bookticker" is no stream kind: did you mean btcusdt@bookTicker? Case matters after the @'],
    [
      "BTCUSDT@KLINE_1M",
      '"KLINE_1M" is no stream kind: did you mean btcusdt@kline_1m or btcusdt@kline_1M? Case matters after the @'
    ],
    [
      "btcusdt@markPrice",
      '"markPrice" is no stream kind: it belongs to futures: spot has no such stream; BINANCE_MARKET=usdm has it'
    ],
    [
      "!ticker@arr",
      '"!ticker@arr" is no stream of all symbols: the exchange has retired it: use !ticker_1d@arr, !miniTicker@arr, or <symbol>@ticker of each symbol'
    ],
    [
      "!bookTicker",
      '"!bookTicker" is no stream of all symbols: the exchange has retired it: use <symbol>@bookTicker of each symbol'
    ],
    [
      "!miniticker@arr",
      '"!miniticker@arr" is no stream of all symbols: did you mean !miniTicker@arr? Case matters here'
    ],
    [
      "!trade@arr",
      `"!trade@arr" is no stream of all symbols: expected one of ${streamKinds.flatMap((kind) => kind.allMarket).join(", ")}`
    ]
  ])("explains what is wrong with %j", (text, message) => {
    assert.strictEqual(fault(text), message)
  })

  it("names one form for each word that there is where nothing is close", () => {
    const [said, named = ""] = fault("btcusdt@")?.split(" such as ") ?? []
    assert.strictEqual(said, '"" is no stream kind: expected one')
    const forms = named.replace(", for example btcusdt@trade", "").split(", ")
    const wordOf = (form: string) => form.replace(/[^A-Za-z].*/, "")
    const words = streamKinds.flatMap((kind) => kind.suffixes.map(wordOf))
    assert.deepStrictEqual(forms.map(wordOf), [...new Set(words)])
    for (const form of forms) assert.isUndefined(fault(`btcusdt@${form}`))
  })

  it.each([
    "btcusdt@kline",
    "btcusdt@kline_",
    "btcusdt@kline_1m@+09:00",
    "btcusdt@kline_1m@08:00",
    "btcusdt@kline_60m",
    "btcusdt@ticker@arr",
    "btcusdt@!ticker_1h@arr",
    "btcusdt@depth@0ms",
    "btcusdt@depth5@250ms",
    "btcusdt@trade@arr",
    "btcusdt@@trade",
    "btcusdt@trade\n@x",
    "!",
    "!btcusdt@trade",
    "@",
    "\u200Bbtcusdt@trade",
    "btc\u0000usdt@trade"
  ])("refuses %j", (text) => {
    assert.isString(fault(text))
  })

  it.prop("suggests only names that are right", [Schema.String], ([text]) => {
    const suggested = fault(`btcusdt@${text}`)?.match(/btcusdt@\S+?(?=\?| or )/g) ?? []
    for (const name of suggested) assert.isUndefined(fault(name))
  })

  it.prop("takes any text without failing otherwise than by a message", [Schema.String], ([text]) => {
    const result = parseStreamName(text)
    assert.isNotEmpty(Result.isFailure(result) ? result.failure : result.success.name)
  })
})
