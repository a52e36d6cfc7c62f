import { assert, describe, it } from "@effect/vitest"
import { identify } from "../../../src/layers/spool/identity.ts"
import * as Overflows from "../../../src/layers/spool/Overflows.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { streamNames } from "../../support/settings.ts"
import { candle, recordOf } from "../../support/tape.ts"

const record = (eventId: string, key = "BTCUSDT", headers: Record<string, string> = {}): SinkRecord => ({
  topic: "t",
  key,
  value: Buffer.alloc(0),
  timestamp: 5,
  headers: { "event-id": eventId, ...headers }
})

const trade = (id: number, key?: string) => record(`binance:spot:trade:${key ?? "BTCUSDT"}:${id}`, key)
const lateTrade = (id: number) => ({ ...trade(id), value: Buffer.from('{"original_data":{},"late":true}') })
const ticker = (id: number) => record(`binance:spot:ticker:BTCUSDT:${id}:0badcafe`)

describe("identify", () => {
  it.each([
    ["binance:spot:trade:BTCUSDT:7", "BTCUSDT", "btcusdt@trade", 7, 7, true, true],
    ["binance:spot:aggTrade:币安:7", "币安", "币安@aggTrade", 7, 7, true, true],
    ["binance:spot:blockTrade:BTCUSDT:7", "BTCUSDT", "btcusdt@blockTrade", 7, 7, false, true],
    ["binance:spot:kline_1d@+08:00:BTCUSDT:1700", "BTCUSDT", "btcusdt@kline_1d@+08:00", 1700, 1700, true, true],
    ["binance:spot:kline_1m:BTCUSDT:1700:0badcafe", "BTCUSDT", "btcusdt@kline_1m", 1700, 1700, false, false],
    ["binance:spot:depth@100ms:BTCUSDT:3-9:0badcafe", "BTCUSDT", "btcusdt@depth@100ms", 3, 9, false, true],
    ["binance:spot:!miniTicker@arr:BTCUSDT:1700:0badcafe", "BTCUSDT", "!miniTicker@arr", 1700, 1700, false, true],
    ["binance:spot:dead-letter:unknown:1:0badcafe", "btcusdt@trade", "btcusdt@trade", 5, 5, false, false],
    ["something else", "k", "k", 5, 5, false, false]
  ])("reads %s", (eventId, key, stream, first, last, replayable, resumable) => {
    assert.deepInclude(identify(record(eventId, key)), { stream, first, last, replayable, resumable, late: false })
  })

  it("tells the streams of one name of two markets apart", () => {
    const markets = ["spot", "usdm"].map((market) => identify(record(`binance:${market}:aggTrade:BTCUSDT:7`)).market)
    assert.deepStrictEqual(markets, ["spot", "usdm"])
    assert.isUndefined(identify(record("binance:usdm:dead-letter:unknown:1:0badcafe")).market)
  })

  it("does not take a dead letter for what it was", () => {
    const refused = record("binance:spot:trade:BTCUSDT:7", "BTCUSDT", { "dlq.reason": "too large" })
    assert.deepStrictEqual(identify(refused), {
      market: undefined,
      stream: "BTCUSDT",
      first: 5,
      last: 5,
      replayable: false,
      resumable: false,
      late: false
    })
  })

  it("knows what is late by the envelope's last mark", () => {
    const late = { ...trade(7), value: Buffer.from('{"original_data":{},"backfilled":true,"late":true}') }
    assert.deepInclude(identify(late), { first: 7, replayable: true, resumable: false, late: true })
  })
})

describe("Overflows", () => {
  it("keeps what is late apart from what is live", () => {
    const overflows = Overflows.make(() => streamNames("btcusdt@trade", "btcusdt@ticker", "ethusdt@trade"))
    overflows.refuse([lateTrade(150), trade(601)])
    assert.deepStrictEqual(overflows.admit([lateTrade(151), trade(602)]), [])
    const told = { stream: "btcusdt@trade", replayable: true, at: 5, records: 2 }
    assert.deepStrictEqual(overflows.take("replayable"), [
      { ...told, from: 150, to: 151, late: true },
      { ...told, from: 601, to: 602, late: false }
    ])
  })

  it("does not say that anything is missing between two holes of what is late", () => {
    const overflows = Overflows.make(() => streamNames("btcusdt@trade", "btcusdt@ticker", "ethusdt@trade"))
    overflows.refuse([lateTrade(7), lateTrade(8), lateTrade(20)])
    assert.deepStrictEqual(overflows.admit([lateTrade(21)]), [])
    const told = { stream: "btcusdt@trade", replayable: true, late: true, at: 5, records: 2 }
    assert.deepStrictEqual(overflows.take("replayable"), [
      { ...told, from: 7, to: 8 },
      { ...told, from: 20, to: 21 }
    ])
  })

  it("keeps nothing of a stream from its first missing record on: what lies between is fetched with it", () => {
    const overflows = Overflows.make(() => streamNames("btcusdt@trade", "btcusdt@ticker", "ethusdt@trade"))
    overflows.refuse([trade(7), trade(8), trade(20)])
    // A gap is opened in what is not kept, and filled.
    assert.deepStrictEqual(overflows.admit([lateTrade(5), lateTrade(9), trade(21)]), [])
    assert.deepStrictEqual(overflows.take("replayable"), [
      { stream: "btcusdt@trade", replayable: true, late: true, at: 5, from: 5, to: 5, records: 1 },
      { stream: "btcusdt@trade", replayable: true, late: false, at: 5, from: 7, to: 21, records: 5 }
    ])
  })

  it("holds back a replayable stream from its first missing record on, and no other", () => {
    const overflows = Overflows.make(() => streamNames("btcusdt@trade", "btcusdt@ticker", "ethusdt@trade"))
    const batch = [trade(1), ticker(1), trade(1, "ETHUSDT")]
    assert.strictEqual(overflows.admit(batch), batch)
    overflows.refuse([trade(2), ticker(2)])
    assert.deepStrictEqual(overflows.admit([trade(3), ticker(3), trade(2, "ETHUSDT")]), [
      ticker(3),
      trade(2, "ETHUSDT")
    ])
    assert.isTrue(overflows.holdsBack())
    const newest = { at: 5, late: false }
    const tickers = { stream: "btcusdt@ticker", from: 2, to: 2, replayable: false, records: 1, ...newest }
    assert.deepStrictEqual(overflows.take("unreplayable"), [tickers])
    assert.deepStrictEqual(overflows.admit([trade(4)]), [])
    const trades = { stream: "btcusdt@trade", from: 2, to: 4, replayable: true, records: 3, ...newest }
    assert.deepStrictEqual(overflows.take("replayable"), [trades])
    assert.deepStrictEqual(overflows.take("replayable"), [])
    assert.isFalse(overflows.holdsBack())
    assert.deepStrictEqual(overflows.admit([trade(5)]), [trade(5)])
  })

  it("knows where a candle ends: late ones with something kept between them are two runs", () => {
    const overflows = Overflows.make(() => streamNames("btcusdt@kline_1m"))
    const late = (minute: number) => recordOf("btcusdt@kline_1m", candle(minute), { late: true, backfilled: true })
    overflows.refuse([2, 3, 7].map(late))
    assert.deepStrictEqual(
      overflows.take("replayable").map(({ from, to }) => [from, to]),
      [
        [120_000, 239_999],
        [420_000, 479_999]
      ]
    )
  })

  it("tells what is late and refused, once", () => {
    const overflows = Overflows.make(() => streamNames("btcusdt@trade"))
    overflows.refuse([lateTrade(5), lateTrade(6), trade(20), lateTrade(21)])
    const span = (from: number, to: number) => ({ stream: "btcusdt@trade", from, to })
    assert.deepStrictEqual(overflows.newlyLate(), [span(5, 5), span(6, 6)])
    assert.deepStrictEqual(overflows.newlyLate(), [])
    assert.deepStrictEqual(overflows.lateOf(span(6, 30)), [span(6, 6)])
  })
})
