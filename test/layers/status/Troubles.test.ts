import { assert, describe, it } from "@effect/vitest"
import * as Troubles from "../../../src/layers/status/Troubles.ts"

const silent = { subject: "btcusdt@ticker", kind: "silent", text: "asked for anew" } as const

describe("Troubles", () => {
  it("last until their owner says that they are over", () => {
    const troubles = Troubles.make()
    troubles.tell(silent, 0, 1000)
    troubles.tell({ ...silent, text: "in vain" }, 5, 1005)
    troubles.tell({ ...silent, kind: "late" as const }, 6, 1006)
    assert.deepStrictEqual(troubles.now(1e9), [
      { name: "btcusdt@ticker (silent)", text: "in vain", since: 1000 },
      { name: "btcusdt@ticker (late)", text: "asked for anew", since: 1006 }
    ])
    troubles.end("btcusdt@ticker", "silent")
    troubles.end("btcusdt@ticker", "refused")
    assert.deepStrictEqual(
      troubles.now(1e9).map(({ name }) => name),
      ["btcusdt@ticker (late)"]
    )
  })

  it("end by themselves some time after they were said last, and begin anew then", () => {
    const troubles = Troubles.make()
    troubles.tell({ ...silent, lasts: 100 }, 0, 1000)
    troubles.tell({ ...silent, lasts: 100 }, 50, 1050)
    assert.lengthOf(troubles.now(149), 1)
    assert.deepStrictEqual(troubles.now(150), [])
    troubles.tell({ ...silent, lasts: 100 }, 200, 1200)
    assert.strictEqual(troubles.now(200)[0]?.since, 1200)
  })
})
