import { assert, describe, it } from "@effect/vitest"
import * as Stored from "../../../src/layers/spool/stored.ts"
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

const stands = { at: 100, inOrder: [{ first: 90, last: 100 }], late: [{ first: 19, last: 19 }], holes: [] }
const isStored = Stored.isBehind(streamNames("btcusdt@trade"), new Map([["btcusdt@trade", stands]]))

describe("what an earlier process left", () => {
  it.each([
    [100, false, true],
    [101, false, false],
    // Late ones stand anywhere below.
    [19, true, false],
    [30, true, false]
  ])("trade %d, late %s: stored %s", (id, late, stored) => {
    assert.strictEqual(isStored(trade(id, late)), stored)
  })

  it("is not known of streams without a position, and of what has no sequence", () => {
    const other = { ...trade(1), headers: { "event-id": "binance:spot:ticker:BTCUSDT:1:00000000" } }
    assert.isFalse(isStored(other))
    assert.isFalse(Stored.isBehind(streamNames("btcusdt@trade"), new Map())(trade(1)))
  })
})
