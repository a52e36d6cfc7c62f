import { assert, describe, it } from "@effect/vitest"
import * as Sequenced from "../../src/pipeline/Sequenced.ts"
import { streamNames } from "../support/settings.ts"

const streams = streamNames(
  "btcusdt@trade",
  "btcusdt@depth",
  "btcusdt@depth@100ms",
  "btcusdt@kline_1m",
  "btcusdt@kline_1h"
)
const read = Sequenced.make(streams)

const record = (payload: unknown, eventId?: string, more: object = {}) => ({
  topic: "t",
  key: "BTCUSDT",
  value: Buffer.from(JSON.stringify({ original_data: payload, ...more })),
  timestamp: 5,
  headers: eventId === undefined ? {} : { "event-id": `binance:spot:${eventId}` }
})

const trade = { e: "trade", E: 1_700_000_000_000, s: "BTCUSDT", t: 42, p: "1", q: "1", T: 1, m: true }
const depth = { e: "depthUpdate", E: 1_700_000_000_000, s: "BTCUSDT", U: 7, u: 9, b: [], a: [] }
const candle = (x: boolean) => ({
  e: "kline",
  E: 1_700_000_060_001,
  s: "BTCUSDT",
  k: {
    t: 1_700_000_000_000,
    T: 1_700_000_059_999,
    s: "BTCUSDT",
    i: "1m",
    f: 1,
    L: 2,
    o: "1",
    c: "1",
    h: "1",
    l: "1",
    v: "1",
    n: 2,
    x,
    q: "1",
    V: "1",
    Q: "1"
  }
})

describe("Sequenced", () => {
  it("reads what a record covers", () => {
    const at = 1_700_000_000_000
    assert.deepStrictEqual(read(record(trade, "trade:BTCUSDT:42")), {
      stream: "btcusdt@trade",
      first: 42,
      last: 42,
      at,
      late: false
    })
    assert.deepStrictEqual(read(record(trade, "trade:BTCUSDT:42", { late: true }))?.late, true)
    assert.deepStrictEqual(read(record(depth, "depth@100ms:BTCUSDT:7-9:00c0ffee")), {
      stream: "btcusdt@depth@100ms",
      first: 7,
      last: 9,
      at,
      late: false
    })
    assert.strictEqual(read(record(candle(true), "kline_1m:BTCUSDT:1"))?.last, 1_700_000_059_999)
  })

  it("finds the stream of a record without an event-id where only one is possible", () => {
    assert.strictEqual(read(record(trade))?.stream, "btcusdt@trade")
    assert.strictEqual(read(record(candle(true)))?.stream, "btcusdt@kline_1m")
    // Of either speed.
    assert.isUndefined(read(record(depth)))
  })

  it("reads nothing of what has no sequence, is of another stream or is no record of ours", () => {
    for (const other of [
      record(candle(false), "kline_1m:BTCUSDT:1:00c0ffee"),
      record(trade, "aggTrade:BTCUSDT:42"),
      { ...record(trade, "trade:ETHUSDT:42"), key: "ETHUSDT" },
      record({ ...trade, s: "ETHUSDT" }, "trade:BTCUSDT:42"),
      record({ ...trade, t: "x" }, "trade:BTCUSDT:42"),
      { ...record(trade), value: Buffer.from("no JSON") }
    ]) {
      assert.isUndefined(read(other))
    }
  })
})
