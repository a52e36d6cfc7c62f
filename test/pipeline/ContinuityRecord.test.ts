import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as ContinuityRecord from "../../src/pipeline/ContinuityRecord.ts"
import { Continuity } from "../../src/schema/Continuity.ts"

const origin = { market: "spot" as const, topic: "continuity", instance: "connector-1", at: 1_795_402_801_210 }
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Continuity))
const textOf = (value: Uint8Array) => new TextDecoder().decode(value)

describe("a continuity record", () => {
  it("holds the statement, keyed by its stream", () => {
    const { key, timestamp, topic, value } = ContinuityRecord.make(origin, {
      type: "gap-filled",
      stream: "btcusdt@trade",
      symbol: "BTCUSDT",
      from: 5,
      to: 9,
      reason: "repair",
      late: true
    })
    assert.deepStrictEqual([topic, key, timestamp], ["continuity", "btcusdt@trade", origin.at])
    assert.deepStrictEqual(decode(textOf(value)), {
      v: 1,
      type: "gap-filled",
      stream: "btcusdt@trade",
      symbol: "BTCUSDT",
      from: 5,
      to: 9,
      reason: "repair",
      late: true,
      instance: "connector-1",
      at: origin.at
    })
  })

  it("has an event-id of what it says and when", () => {
    const idOf = (from: number | null, to: number | null) =>
      ContinuityRecord.make(origin, {
        type: "rollover",
        stream: "!miniTicker@arr",
        symbol: null,
        from,
        to,
        reason: "24 h",
        late: false
      }).headers
    assert.deepStrictEqual(idOf(5, 9), {
      "event-id": "binance:spot:continuity:!miniTicker@arr:rollover:5-9:1795402801210",
      "content-type": "application/json"
    })
    assert.strictEqual(idOf(null, null)["event-id"], "binance:spot:continuity:!miniTicker@arr:rollover:-:1795402801210")
  })
})
