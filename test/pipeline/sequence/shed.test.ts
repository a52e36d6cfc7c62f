/** A sequence that is told to keep nothing. */
import { assert, describe, it } from "@effect/vitest"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"
import { range } from "../../support/tape.ts"

const rule: Sequence.Rule = { refills: true, counts: true, inPlaceMs: 3_600_000 }
const entry = (id: number, at = id) => ({ first: id, last: id, at, bytes: 10, value: id })

const make = () => {
  const published: Array<number> = []
  const notes: Array<Sequence.Note> = []
  const sequence = Sequence.make<number>(rule, Sequence.defaultLimits, {
    publish: ({ value }) => void published.push(value),
    note: (note) => void notes.push(note),
    duplicate: () => {},
    reject: () => {}
  })
  return { sequence, published, notes }
}

describe("a sequence", () => {
  it("that keeps nothing though nothing is missing goes on all the same", () => {
    const { published, sequence } = make()
    sequence.live(entry(1), 0)
    sequence.shed()
    // 2 is lost; whatever comes then is neither published, nor parked, nor asked for.
    for (const id of range(3, 1000)) sequence.live(entry(id), id)
    for (let now = 1000; now < 600_000; now += 250) sequence.tick(now, true)
    assert.isTrue(published.length > 1 || sequence.wish(600_000) !== undefined)
  })
})
