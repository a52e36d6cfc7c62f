/** Where an earlier run stopped, told late. */
import { assert, describe, it } from "@effect/vitest"
import type { Entry } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"
import { range } from "../../support/tape.ts"

const rule: Sequence.Rule = { refills: true, counts: true, inPlaceMs: 3_600_000 }
const entry = (id: number, at = id): Entry<number> => ({ first: id, last: id, at, bytes: 10, value: id })

const make = () => {
  const published: Array<string> = []
  const notes: Array<Sequence.Note> = []
  const sequence = Sequence.make<number>(rule, Sequence.defaultLimits, {
    publish: ({ value }, late) => void published.push(late ? `${value} late` : `${value}`),
    note: (note) => void notes.push(note),
    duplicate: () => {},
    reject: () => {}
  })
  const answer = (now: number, ids: ReadonlyArray<number>) => {
    const wish = sequence.wish(now)
    if (wish === undefined) return
    sequence.asked(wish)
    const entries = ids.filter((id) => id >= wish.first).map((id) => entry(id))
    sequence.answered(wish, { entries, voids: [] }, now)
  }
  return { sequence, published, notes, answer }
}

describe("a position", () => {
  it("that is told twice opens nothing", () => {
    const { notes, sequence } = make()
    for (let times = 0; times < 2; times++) sequence.resume({ last: 10, at: 10, gaps: [] })
    sequence.live(entry(11), 20)
    assert.isEmpty(notes)
    assert.isEmpty(sequence.status().gaps)
  })
})

describe("a position that becomes known when live has begun", () => {
  it("does not fetch a beginning that was proved and came", () => {
    const { answer, published, sequence } = make()
    sequence.exists(20, 0)
    sequence.live(entry(20), 10)
    sequence.live(entry(21), 20)
    sequence.resume({ last: 10, at: 10, gaps: [] })
    for (let n = 1; n < 5; n++) answer(n * 1000, range(11, 22))
    const ids = published.map((text) => Number.parseInt(text))
    assert.deepStrictEqual(
      ids.toSorted((a, b) => a - b),
      [...range(11, 21)]
    )
  })
  it("fetches a beginning that was proved, and drops it when it comes", () => {
    const { answer, published, sequence } = make()
    sequence.exists(20, 0)
    sequence.resume({ last: 10, at: 10, gaps: [] })
    sequence.live(entry(20), 10)
    sequence.live(entry(21), 20)
    for (let n = 1; n < 5; n++) answer(n * 1000, range(11, 22))
    const ids = published.map((text) => Number.parseInt(text))
    assert.deepStrictEqual(
      ids.toSorted((a, b) => a - b),
      [...range(11, 21)]
    )
  })
})
