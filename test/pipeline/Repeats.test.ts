import { assert, describe, it } from "@effect/vitest"
import * as Repeats from "../../src/pipeline/Repeats.ts"

/** As the exchange's tickers have them: they differ in a few digits. */
const idOf = (n: number) => `binance:spot:ticker:SYM${n % 300}USDT:${1_764_220_000_000 + (n >> 3)}:${n.toString(16)}`

describe("Repeats", () => {
  it("takes no two ids for one", () => {
    const isNew = Repeats.make()
    const repeated = Array.from({ length: 200_000 }, (_, n) => idOf(n)).filter((id) => !isNew(id))
    assert.deepStrictEqual(repeated, [])
  })

  it("knows each of the last ones again, and forgets what is older", () => {
    const isNew = Repeats.make(100)
    for (let n = 0; n < 1000; n++) {
      assert.isTrue(isNew(idOf(n)))
      for (let back = 0; back < Math.min(100, n + 1); back++) assert.isFalse(isNew(idOf(n - back)), `${n} - ${back}`)
    }
    assert.isTrue(isNew(idOf(0)))
  })

  it("tells texts apart that have the same CRC", () => {
    const isNew = Repeats.make()
    assert.isTrue(isNew("plumless"))
    assert.isTrue(isNew("buckeroo"))
    assert.isFalse(isNew("plumless"))
  })
})
