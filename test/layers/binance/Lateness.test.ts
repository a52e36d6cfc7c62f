import { assert, describe, it } from "@effect/vitest"
import * as Lateness from "../../../src/layers/binance/Lateness.ts"

const said = (...readings: ReadonlyArray<number>) => readings.map(Lateness.make())

describe("Lateness", () => {
  it("is no matter of some seconds, nor of one reading", () => {
    assert.deepStrictEqual(said(40, 4000, -3000, 20_000, 60, 20_000).filter(Boolean), [])
  })

  it.each([
    [20_000, "what comes is 20 s old: our clock is ahead, or the way to here is slow"],
    [7_200_066, "what comes is 2 h old: our clock is ahead, or the way to here is slow"],
    [-299_974, "what comes is from 5 min ahead: our clock is behind"]
  ])("is told after a while: %d ms", (millis, text) => {
    assert.deepStrictEqual(said(millis, millis, millis, 30), [undefined, undefined, text, undefined])
  })
})
