import { assert, describe, it } from "@effect/vitest"
import * as Holes from "../../../src/layers/spool/holes.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { streamNames } from "../../support/settings.ts"

const trade = (t: number, late = false): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.from(
    `{"original_data":{"e":"trade","E":${t},"s":"BTCUSDT","t":${t},"p":"1.0","q":"1.0","T":${t},"m":true}${late ? ',"late":true' : ""}}`
  ),
  timestamp: t,
  headers: { "event-id": `binance:spot:trade:BTCUSDT:${t}` }
})

const hole = (from: number, to: number) => ({
  stream: "btcusdt@trade",
  from,
  to,
  replayable: true,
  records: to - from + 1
})

describe("holes between records", () => {
  it("begin behind the position, and are told by the next record", () => {
    const position = { last: 10, at: 10, gaps: [] }
    const holes = Holes.make(streamNames("btcusdt@trade"), new Map([["btcusdt@trade", position]]))
    assert.deepStrictEqual([trade(11), trade(14), trade(3, true), trade(15), trade(17)].map(holes.passed), [
      undefined,
      hole(12, 13),
      undefined,
      undefined,
      hole(16, 16)
    ])
  })

  it("are not known before the first record of a stream without a position", () => {
    const holes = Holes.make(streamNames("btcusdt@trade"), new Map())
    assert.deepStrictEqual([trade(5), trade(7)].map(holes.passed), [undefined, hole(6, 6)])
  })
})
