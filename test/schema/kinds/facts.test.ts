import { assert, describe, it } from "@effect/vitest"
import { aggTrade } from "../../../src/schema/kinds/aggTrade.ts"
import { depth } from "../../../src/schema/kinds/depth.ts"
import { kline } from "../../../src/schema/kinds/kline.ts"
import { partialDepth } from "../../../src/schema/kinds/partialDepth.ts"
import { referencePrice } from "../../../src/schema/kinds/referencePrice.ts"
import { streamKinds } from "../../../src/schema/kinds/registry.ts"
import { ticker } from "../../../src/schema/kinds/ticker.ts"
import { trade } from "../../../src/schema/kinds/trade.ts"
import { windowTicker } from "../../../src/schema/kinds/windowTicker.ts"
import { outcome, put, taught } from "./samples.ts"

const closed = put(taught("kline"), ["k", "x"], true)

describe("kline", () => {
  it("spans a closed candle from its open to its close time and names it by its open time", () => {
    assert.deepStrictEqual(outcome(kline, closed).facts, {
      symbol: "ETHUSDT",
      eventTime: 1795402802015,
      id: 1795402800000,
      exact: true,
      span: { first: 1795402800000, last: 1795402859999 },
      variant: "kline_1m",
      newestTrade: 4123456792
    })
  })

  it("gives milliseconds where the connection delivers microseconds", () => {
    const micros = put(
      put(put(closed, ["E"], 1795402860000123), ["k", "t"], 1795402800000000),
      ["k", "T"],
      1795402859999999
    )
    assert.deepStrictEqual(outcome(kline, micros).facts, {
      symbol: "ETHUSDT",
      eventTime: 1795402860000,
      id: 1795402800000,
      exact: true,
      span: { first: 1795402800000, last: 1795402859999 },
      variant: "kline_1m",
      newestTrade: 4123456792
    })
  })

  it("takes a candle without trades", () => {
    const empty = put(put(put(closed, ["k", "f"], -1), ["k", "L"], -1), ["k", "n"], 0)
    // There is no newest trade, and none of the number -1.
    assert.deepInclude(outcome(kline, empty).facts, { newestTrade: undefined })
  })

  it.each([1795402800000, 1795402799999])("refuses a candle from 1795402800000 to %d", (close) => {
    assert.deepStrictEqual(outcome(kline, put(closed, ["k", "T"], close)).faults, [
      { path: "k.T", message: "expected a close time after the open time" }
    ])
  })
})

describe("ticker", () => {
  it("knows no newest trade where there was none", () => {
    const empty = { ...taught("ticker"), F: -1, L: -1, n: 0 }
    assert.deepInclude(outcome(ticker, empty).facts, { newestTrade: undefined })
  })
})

describe("windowTicker", () => {
  it.each(["1h", "4h", "1d"])("says that it is of %s", (window) => {
    const payload = { ...taught("windowTicker"), e: `${window}Ticker` }
    assert.deepInclude(outcome(windowTicker, payload).facts, { variant: `ticker_${window}` })
  })
})

describe("trade and aggTrade", () => {
  it("leave ids alone that are as large as microseconds", () => {
    assert.deepInclude(outcome(trade, { ...taught("trade"), t: 1795402801207999 }).facts, { id: 1795402801207999 })
  })

  it("take a row that the exchange has voided", () => {
    const voided = { ...taught("aggTrade"), p: "0", q: "0", f: -1, l: -1 }
    assert.deepInclude(outcome(aggTrade, voided).facts, { id: 1987654321 })
  })

  it("take the order ids of old recordings", () => {
    assert.isDefined(outcome(trade, { ...taught("trade"), b: 88, a: 50 }).facts)
  })

  it("take a symbol in any alphabet", () => {
    assert.deepInclude(outcome(trade, { ...taught("trade"), s: "币安人生USDT" }).facts, { symbol: "币安人生USDT" })
  })
})

describe("depth and partialDepth", () => {
  it("take a side without levels, and levels with more than price and quantity", () => {
    assert.isDefined(outcome(depth, { ...taught("depth"), b: [], a: [["1.5", "0.00000000", []]] }).facts)
    assert.isDefined(outcome(partialDepth, { ...taught("partialDepth"), bids: [], asks: [] }).facts)
  })

  it("name the level at fault", () => {
    const payload = { ...taught("partialDepth"), asks: [["1", "2"], ["1"]] }
    assert.deepStrictEqual(
      outcome(partialDepth, payload).faults?.map((fault) => fault.path),
      ["asks.1.1"]
    )
    const number = { ...taught("depth"), b: [["1", 2]] }
    assert.deepStrictEqual(
      outcome(depth, number).faults?.map((fault) => fault.path),
      ["b.0.1"]
    )
  })

  it("refuse an update that ends before it begins", () => {
    assert.deepStrictEqual(outcome(depth, { ...taught("depth"), U: 5, u: 4 }).faults, [
      { path: "u", message: "expected a last update id from U on" }
    ])
    assert.deepInclude(outcome(depth, { ...taught("depth"), U: 5, u: 5 }).facts, {
      id: "5-5",
      span: { first: 5, last: 5 }
    })
  })
})

describe("referencePrice", () => {
  it("takes a price that is not there", () => {
    assert.deepInclude(outcome(referencePrice, { ...taught("referencePrice"), r: null }).facts, { id: 1795402804900 })
  })
})

describe("the registry", () => {
  const unique = (values: ReadonlyArray<string>) => assert.lengthOf(new Set(values), values.length)

  it("has no two kinds with a name, a stream or a topic in common", () => {
    unique(streamKinds.map((kind) => kind.name))
    unique(streamKinds.flatMap((kind) => kind.suffixes))
    unique(streamKinds.flatMap((kind) => kind.allMarket))
    unique(streamKinds.map((kind) => kind.topic.default))
  })

  it("keeps the topics that are in use, and names the variable after the topic", () => {
    const topics = Object.fromEntries(streamKinds.map((kind) => [kind.name, kind.topic.default]))
    // What is published stays where it is; kinds may come.
    assert.include(topics, {
      trade: "raw_trades",
      aggTrade: "raw_agg_trades",
      blockTrade: "raw_block_trades",
      kline: "raw_klines",
      miniTicker: "raw_mini_tickers",
      ticker: "raw_tickers",
      windowTicker: "raw_window_tickers",
      bookTicker: "raw_book_tickers",
      avgPrice: "raw_avg_prices",
      depth: "raw_depth",
      partialDepth: "raw_partial_depth",
      referencePrice: "raw_reference_prices"
    })
    for (const { topic } of streamKinds) {
      assert.match(topic.default, /^raw_[a-z_]+$/)
      assert.strictEqual(topic.variable, `TOPIC_${topic.default.toUpperCase()}`)
    }
  })
})
