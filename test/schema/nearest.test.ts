import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { nearest } from "../../src/schema/nearest.ts"

describe("nearest", () => {
  const words = ["trade", "aggTrade", "bookTicker", "miniTicker"]

  it.each([
    ["a letter too many", "booktTicker", ["bookTicker"]],
    ["a letter too few", "tade", ["trade"]],
    ["a wrong letter", "trahe", ["trade"]],
    ["two letters swapped", "rtade", ["trade"]],
    ["another case", "AGGTRADE", ["aggTrade"]],
    ["the word itself", "miniTicker", ["miniTicker"]],
    ["something else", "candles", []],
    ["nothing", "", []]
  ])("finds the word behind %s", (_, text, expected) => {
    assert.deepStrictEqual(nearest(text, words), expected)
  })

  it("gives all that are equally close", () => {
    assert.deepStrictEqual(nearest("KLINE_1", ["kline_1m", "kline_1M", "kline_12h"]), ["kline_1m", "kline_1M"])
  })

  it.prop("finds every word that it is given whole", [Schema.NonEmptyArray(Schema.NonEmptyString)], ([names]) => {
    for (const name of names) assert.include(nearest(name, names), name)
  })
})
