import { assert, describe, it } from "@effect/vitest"
import { reasonsOf } from "../../../src/layers/ops/reasons.ts"

const up = { state: "up", detail: "well" } as const
const well = { sink: up, resume: up, connections: { "binance-1": up }, degraded: {} }

describe("reasonsOf", () => {
  it("is silent where all is well", () => {
    assert.deepStrictEqual(reasonsOf(well), [])
  })

  it("names what keeps the work from being done first", () => {
    assert.deepStrictEqual(
      reasonsOf({
        sink: { state: "down", detail: "raw_trades/0: refused" },
        resume: { state: "starting", detail: "2 streams" },
        connections: { "binance-1": { state: "down", detail: "closed" } },
        degraded: { "btcusdt@trade": "events are missing" }
      }),
      [
        "The sink does not store: raw_trades/0: refused",
        "No connection delivers data",
        "binance-1 is down: closed",
        "Catching up with an earlier run: 2 streams",
        "btcusdt@trade: events are missing"
      ]
    )
  })

  it("is short though thousands of streams have the same trouble", () => {
    const degraded = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`s${n}@trade`, "a gap is open"]))
    assert.deepStrictEqual(reasonsOf({ ...well, degraded }), [
      "s0@trade, s1@trade, s2@trade and 2997 more: a gap is open"
    ])
  })

  it("says the kind of a trouble once, however many have it", () => {
    const text = "instance 27371286 writes there too: stop one of them"
    const degraded = { "raw_trades (another connector)": text, "raw_klines (another connector)": text }
    assert.deepStrictEqual(reasonsOf({ ...well, degraded }), [`raw_trades, raw_klines (another connector): ${text}`])
  })

  it("says of a start without Kafka that it waits for it, and nothing that follows from that", () => {
    assert.deepStrictEqual(
      reasonsOf({
        ...well,
        sink: { state: "down", detail: "connection: refused" },
        resume: { state: "starting", detail: "reading where an earlier run stopped" },
        connections: {}
      }),
      ["The sink does not store: connection: refused", "Not connected to the exchange yet: waiting for the sink first"]
    )
  })

  it("is bounded however many different troubles there are", () => {
    const degraded = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`s${n}@trade (late)`, `by ${n} s`]))
    const reasons = reasonsOf({ ...well, degraded })
    assert.deepStrictEqual([reasons.length, reasons.at(-1)], [13, "and 88 other troubles"])
  })
})
