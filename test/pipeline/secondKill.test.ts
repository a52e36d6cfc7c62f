/** What a start says of what an earlier one left, and a kill in the middle of that. */
import { assert, describe, it } from "@effect/vitest"
import * as OpenGaps from "../../src/pipeline/OpenGaps.ts"
import * as Sequence from "../../src/pipeline/sequence/Sequence.ts"
import * as Standing from "../../src/pipeline/Standing.ts"
import { range } from "../support/tape.ts"

const rule: Sequence.Rule = { refills: true, counts: true, inPlaceMs: 3_600_000 }
const entry = (id: number) => ({ first: id, last: id, at: id, bytes: 10, value: id })

describe("a second kill", () => {
  it("while a start heals what the first one left does not turn a hole into a gap that is filled", () => {
    const published: Array<number> = []
    const notes: Array<Sequence.Note> = []
    const gaps = OpenGaps.make()
    const sequence = Sequence.make<number>(rule, Sequence.defaultLimits, {
      publish: ({ value }) => void published.push(value),
      note: (note) => void notes.push(note),
      duplicate: () => {},
      reject: () => {}
    })
    // Before the first kill 200 to 210 were opened and written down, 100 to 110 were only skipped.
    const opened = { first: 200, last: 210 }
    gaps.add({ type: "gap-opened", stream: "btcusdt@trade", from: 200, to: 210, late: false })
    sequence.resume({ last: 300, at: 300, gaps: [opened], unsaid: [{ first: 100, last: 110 }] })
    // One page, and the second kill.
    const wish = sequence.wish(1000)
    assert.isDefined(wish)
    if (wish === undefined) return
    sequence.asked(wish)
    const page = { entries: range(wish.first, wish.last).map(entry), voids: [] }
    sequence.answered(wish, page, 1000)
    for (const { first, last, late, type } of notes) {
      gaps.add({ type, stream: "btcusdt@trade", from: first, to: last, late })
    }
    const standing = Standing.make()
    standing.add({ first: 300, last: 300, at: 300, late: false })
    for (const id of published) standing.add({ first: id, last: id, at: id, late: true })
    const position = Standing.position(standing.read(), gaps, "btcusdt@trade")
    const missing = [...range(100, 110), ...range(200, 210)].filter((id) => !published.includes(id))
    assert.deepStrictEqual(
      (position?.gaps ?? []).flatMap(({ first, last }) => range(first, last)),
      missing
    )
  })
})
