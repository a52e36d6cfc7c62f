import { assert, describe, it } from "@effect/vitest"
import * as Silence from "../../../src/layers/binance/Silence.ts"

/** What it says each second, given the frames of each. */
const said = (...seconds: ReadonlyArray<number>): ReadonlyArray<number | undefined> => {
  const silence = Silence.make()
  let frames = 0
  return seconds.map((count) => silence.tick((frames += count)))
}
const times = (count: number, ...seconds: ReadonlyArray<number>) => Array.from({ length: count }, () => seconds).flat()

describe("Silence", () => {
  it("is noticed within seconds on a lively connection, and over with the next frame", () => {
    assert.deepStrictEqual(said(...times(12, 30), 0, 0, 0, 0, 0, 0, 1).slice(12), [
      undefined,
      undefined,
      undefined,
      undefined,
      5,
      6,
      undefined
    ])
  })

  it("says nothing of a connection that is not known yet", () => {
    assert.deepStrictEqual(said(1, 1, 1, ...times(60, 0)).filter(Boolean), [])
  })

  it("is judged by what is usual on a quiet connection", () => {
    // A frame in 20 s: after some pauses it is known.
    const quiet = said(...times(60, 1, ...times(19, 0)))
    assert.deepStrictEqual(quiet.slice(-600).filter(Boolean), [])
  })

  it("does not learn from one long silence that such are usual", () => {
    const again = said(...times(12, 30), ...times(60, 0), ...times(12, 30), ...times(16, 0))
    assert.deepStrictEqual(again.slice(-2), [15, 16])
  })

  it("does not count while nothing is read", () => {
    const silence = Silence.make()
    for (let second = 1; second <= 12; second++) silence.tick(second)
    for (let second = 0; second < 4; second++) silence.tick(12)
    silence.pause(12)
    assert.isUndefined(silence.tick(12))
  })
})
