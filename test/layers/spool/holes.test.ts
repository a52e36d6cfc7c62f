import { assert, describe, it } from "@effect/vitest"
import * as Holes from "../../../src/layers/spool/holes.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { streamNames } from "../../support/settings.ts"

const trade = (t: number, late = false): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.from(late ? '{"original_data":{},"late":true}' : '{"original_data":{}}'),
  timestamp: t,
  headers: { "event-id": `binance:spot:trade:BTCUSDT:${t}` }
})

const minute = (n: number, closed: boolean): SinkRecord => {
  const t = n * 60_000
  const prices = { f: -1, L: -1, o: "1", c: "1", h: "1", l: "1", v: "1", n: 0, q: "1", V: "1", Q: "1" }
  const k = { t, T: t + 59_999, s: "BTCUSDT", i: "1m", ...prices, x: closed }
  return {
    topic: "raw_klines",
    key: "BTCUSDT",
    value: Buffer.from(JSON.stringify({ original_data: { e: "kline", E: t + 60_000, s: "BTCUSDT", k } })),
    timestamp: t,
    headers: { "event-id": `binance:spot:kline_1m:BTCUSDT:${t}${closed ? "" : ":0badcafe"}` }
  }
}

describe("holes between records", () => {
  it("are told by the records around them, late ones and open candles apart", () => {
    const holes = Holes.make(streamNames("btcusdt@trade", "btcusdt@kline_1m"))
    const records = [trade(11), trade(14), trade(3, true), trade(15), trade(17), minute(1, true), minute(2, false)]
    for (const record of [...records, minute(2, true), minute(4, true)]) holes.pass(record)
    assert.deepStrictEqual(
      Array.from(holes.spans(), ([stream, { first, holes }]) => [stream, first, holes]),
      [
        [
          "btcusdt@trade",
          11,
          [
            { first: 12, last: 13 },
            { first: 16, last: 16 }
          ]
        ],
        ["btcusdt@kline_1m", 60_000, [{ first: 180_000, last: 239_999 }]]
      ]
    )
  })
})
