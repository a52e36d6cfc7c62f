import { assert, describe, it } from "@effect/vitest"
import type { Line } from "../../../src/layers/logging/Line.ts"
import * as Repeats from "../../../src/layers/logging/Repeats.ts"

const line = (fields: Line["fields"] = {}, message = "It broke", level: Line["level"] = "Warn"): Line => ({
  date: new Date(0),
  level,
  message,
  fields,
  stack: undefined
})

/** How many of so many lines pass. */
const passed = (repeats: Repeats.Repeats, count: number, one: Line) =>
  Array.from({ length: count }, () => repeats.pass(one)).filter(Boolean).length

describe("repeats of a message", () => {
  it("pass while they are few, and leave nothing to say", () => {
    const repeats = Repeats.make()
    assert.strictEqual(passed(repeats, Repeats.AT_ONCE, line()), Repeats.AT_ONCE)
    assert.deepStrictEqual(repeats.due(), [])
    assert.strictEqual(passed(repeats, 1, line()), 1)
  })

  it("are told by the last of them, with their number", () => {
    const repeats = Repeats.make()
    passed(repeats, Repeats.AT_ONCE, line({ stream: "first" }))
    passed(repeats, 7, line({ stream: "other" }))
    repeats.pass(line({ stream: "last" }))
    assert.deepStrictEqual(repeats.due(), [line({ stream: "last", repeated: 8 })])
  })

  it("are one line an interval for as long as they go on, then news again", () => {
    const repeats = Repeats.make()
    passed(repeats, 100, line())
    assert.strictEqual(repeats.due().length, 1)
    assert.strictEqual(passed(repeats, 20, line()), 0)
    assert.deepStrictEqual(repeats.due(), [line({ repeated: 20 })])
    assert.deepStrictEqual(repeats.due(), [])
    assert.strictEqual(passed(repeats, 1, line()), 1)
  })

  it("lose nothing of what they count", () => {
    const repeats = Repeats.make()
    let written = 0
    const count = ({ fields }: Line) => void (written += Number(fields["records"]))
    for (let records = 1; records <= 100; records++) {
      const one = line({ records, frames: 1, ids: 7 })
      if (repeats.pass(one)) count(one)
      if (records % 30 === 0) for (const due of repeats.due()) count(due)
    }
    const rest = repeats.due()
    rest.forEach(count)
    assert.strictEqual(written, 5050)
    assert.deepStrictEqual(
      rest.map(({ fields }) => [fields["frames"], fields["repeated"], fields["ids"]]),
      [[10, 10, 7]]
    )
  })

  it("are told apart by text and level", () => {
    const repeats = Repeats.make()
    passed(repeats, 50, line())
    assert.isTrue(repeats.pass(line({}, "Something else")))
    assert.isTrue(repeats.pass(line({}, "It broke", "Error")))
  })

  for (const level of ["Debug", "Info", "Fatal"] as const) {
    it(`are not held back at ${level}`, () => {
      const repeats = Repeats.make()
      assert.strictEqual(passed(repeats, 50, line({}, "It is so", level)), 50)
      assert.deepStrictEqual(repeats.due(), [])
    })
  }
})
