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
})
