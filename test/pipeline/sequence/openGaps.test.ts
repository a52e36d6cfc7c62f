/** Gaps that are opened while others are open, and a restart after a very long time. */
import { assert, describe, it } from "@effect/vitest"
import * as Overflows from "../../../src/layers/spool/Overflows.ts"
import type { Entry, Range } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import * as OpenGaps from "../../../src/pipeline/OpenGaps.ts"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"
import * as Standing from "../../../src/pipeline/Standing.ts"
import { range, recordOf, stream, trade } from "../../support/tape.ts"

const rule: Sequence.Rule = { refills: true, counts: true, inPlaceMs: 3_600_000 }
const entry = (id: number, at = id): Entry<number> => ({ first: id, last: id, at, bytes: 10, value: id })

const make = () => {
  const published: Array<number> = []
  const lates: Array<number> = []
  const rejected: Array<number> = []
  const notes: Array<Sequence.Note> = []
  const sequence = Sequence.make<number>(rule, Sequence.defaultLimits, {
    publish: ({ value }, late) => {
      published.push(value)
      if (late) lates.push(value)
    },
    note: (note) => void notes.push(note),
    duplicate: () => {},
    reject: ({ value }) => void rejected.push(value)
  })
  /** Answers whatever is wished for, at most so many pages of so many ids. */
  const answer = (now: number, pages: number, size = 1000) => {
    for (let n = 0; n < pages; n++) {
      const wish = sequence.wish(now)
      if (wish === undefined) return
      sequence.asked(wish)
      const last = Math.min(wish.last, wish.first + size - 1)
      sequence.answered(wish, { entries: range(wish.first, last).map((id) => entry(id)), voids: [] }, now)
    }
  }
  return { sequence, published, lates, rejected, notes, answer }
}

const twice = (ids: ReadonlyArray<number>) => ids.filter((id, index) => ids.indexOf(id) !== index)

describe("what the spool had no room for", () => {
  it("is no more than that: late records that are refused do not make a gap of all that is published", () => {
    const { answer, published, sequence } = make()
    for (const id of range(1, 10)) sequence.live(entry(id), 0)
    // 11 to 12 are opened, 13 to 100 are published, then the spool is full.
    sequence.live(entry(13), 0)
    sequence.tick(200_000, true)
    for (const id of range(14, 100)) sequence.live(entry(id), 200_000)
    const before = published.length
    answer(400_000, 1)
    assert.deepStrictEqual(published.slice(before), [11, 12])
    for (const id of range(101, 103)) sequence.live(entry(id), 400_000)
    // All of these are refused; the refused ones were not stored.
    const overflows = Overflows.make(() => [stream("btcusdt@trade")])
    const refused = [11, 12, 101, 102, 103]
    overflows.refuse(
      refused.map((id) => recordOf("btcusdt@trade", trade(id), id < 100 ? { late: true, backfilled: true } : {}))
    )
    const stored = published.filter((id) => !refused.includes(id))
    const from = published.length
    for (const { from, to } of overflows.take("replayable")) sequence.lost({ first: from, last: to })
    answer(600_000, 10)
    assert.deepStrictEqual(twice([...stored, ...published.slice(from)]), [])
  })

  it("may hold an open gap, whose ids are fetched once", () => {
    const { answer, published, sequence } = make()
    for (const id of range(1, 10)) sequence.live(entry(id), 0)
    sequence.live(entry(13), 0)
    sequence.tick(200_000, true)
    // 11 and 12 are open. 5 to 13 were not kept: from the first refused one on nothing is.
    sequence.lost({ first: 5, last: 13 })
    const from = published.length
    answer(400_000, 10)
    assert.deepStrictEqual(twice(published.slice(from)), [])
  })
})

describe("open gaps", () => {
  it("are all known to a restart, though a newer one was filled before an older one", () => {
    const first = make()
    first.sequence.live(entry(100), 0)
    first.sequence.live(entry(103), 0)
    first.sequence.tick(200_000, true)
    // Only now it is known where the run before stopped.
    first.sequence.resume({ last: 10, at: 10, gaps: [] })
    first.answer(400_000, 1)
    // Killed. What the next start reads:
    const gaps = OpenGaps.make()
    for (const { first: from, last: to, late, type } of first.notes) gaps.add({ stream: "s", type, from, to, late })
    const standing = Standing.make()
    for (const id of first.published) {
      standing.add({ first: id, last: id, at: id, late: first.lates.includes(id) }, "earlier")
    }
    const position = Standing.position(standing.read(), gaps, "s")
    // Nor is it said of them that they are filled.
    const untrue = (position?.filled ?? []).filter(
      ({ first: from, last: to }) => !range(from, to).every((id) => first.published.includes(id))
    )
    assert.deepStrictEqual(untrue, [])
    const open = position?.gaps ?? []
    const missing = range(11, 99).filter((id) => !first.published.includes(id))
    const known = (id: number) => open.some(({ first, last }: Range) => first <= id && id <= last)
    assert.deepStrictEqual(
      missing.filter((id) => !known(id)),
      []
    )
  })
})

describe("a restart after more than 1,000,000 trades", () => {
  const HOURS = 30 * 3_600_000
  it("goes on live though the history does not answer", () => {
    const { published, rejected, sequence } = make()
    sequence.resume({ last: 10, at: 0, gaps: [] })
    for (const id of range(2_000_000, 2_000_500)) sequence.live(entry(id, HOURS), 0)
    for (let now = 0; now < 600_000; now += 1000) sequence.tick(now, true)
    for (const id of range(2_000_501, 2_000_600)) sequence.live(entry(id, HOURS), 600_000)
    assert.deepStrictEqual(rejected.slice(0, 3), [], `${rejected.length} real trades are dead letters`)
    assert.isAbove(published.length, 0)
  })

  it("goes on live though the history does not answer, and two connections bring everything", () => {
    const { published, rejected, sequence } = make()
    sequence.resume({ last: 10, at: 0, gaps: [] })
    // The second one is a little behind.
    for (const id of range(2_000_000, 2_000_500)) {
      sequence.live(entry(id, HOURS), 0)
      if (id > 2_000_002) sequence.live(entry(id - 3, HOURS), 0)
    }
    assert.deepStrictEqual(rejected.slice(0, 3), [], `${rejected.length} real trades are dead letters`)
    assert.deepStrictEqual(published, [...range(2_000_000, 2_000_500)])
  })

  it("opens the hole whole (RESUME_MAX_GAP_SECONDS)", () => {
    const { notes, sequence } = make()
    sequence.resume({ last: 10, at: 0, gaps: [] })
    for (const id of range(2_000_000, 2_000_050)) sequence.live(entry(id, HOURS), 0)
    sequence.newest(2_000_050, 1000)
    sequence.exists(2_000_050, 1000)
    sequence.live(entry(2_000_051, HOURS), 1000)
    assert.deepStrictEqual(
      notes.map(({ first, last, type }) => ({ type, first, last })),
      [{ type: "gap-opened", first: 11, last: 1_999_999 }]
    )
  })
})
