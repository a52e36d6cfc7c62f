/** What a start says of what an earlier one left, and a kill in the middle of that. */
import { assert, describe, it } from "@effect/vitest"
import * as OpenGaps from "../../src/pipeline/OpenGaps.ts"
import * as Sequence from "../../src/pipeline/sequence/Sequence.ts"
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
    gaps.add({ type: "gap-opened", stream: "btcusdt@trade", from: 200, to: 210 })
    sequence.resume({ last: 300, at: 300, gaps: [opened], unsaid: [{ first: 100, last: 110 }] })
    // One page, and the second kill.
    const wish = sequence.wish(1000)
    assert.isDefined(wish)
    if (wish === undefined) return
    sequence.asked(wish)
    const page = { entries: range(wish.first, wish.last).map(entry), voids: [] }
    sequence.answered(wish, page, 1000)
    for (const { first, last, type } of notes) gaps.add({ type, stream: "btcusdt@trade", from: first, to: last })
    const late = Math.max(...published)
    const missing = range(100, 110).filter((id) => !published.includes(id))
    const open = gaps.of("btcusdt@trade", 300, late)
    assert.deepStrictEqual(
      missing.filter((id) => !open.some(({ first, last }) => first <= id && id <= last)),
      [],
      `said to be filled: ${JSON.stringify(gaps.filled("btcusdt@trade", late))}`
    )
  })
})
