/** A history that does not reach back for ever: what it has is published, what it has let go stays open and is asked for no more. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Entry, Range } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"

const BASE = 1000
const HOUR = 3_600_000
const PAGE = 1000

const entryAt =
  (millisApart: number) =>
  (id: number): Entry<number> => ({ first: id, last: id, at: id * millisApart, bytes: 1, value: id })

const ids = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)

/** A start behind `missing` ids, of which the history has those from `keptFrom` on. */
const run = (missing: number, keptFrom: number, millisApart: number, step: number) => {
  const entry = entryAt(millisApart)
  const published: Array<readonly [id: number, late: boolean]> = []
  const notes: Array<Sequence.Note> = []
  const sequence = Sequence.make<number>({ refills: true, counts: true, inPlaceMs: HOUR }, Sequence.defaultLimits, {
    publish: ({ value }, late) => void published.push([value, late]),
    note: (note) => void notes.push(note),
    duplicate: () => assert.fail("nothing comes twice"),
    reject: () => assert.fail("nothing is far away")
  })
  sequence.resume({ last: BASE, at: BASE * millisApart, gaps: [] })
  const live = BASE + missing + 1
  let now = 0
  sequence.live(entry(live), now)
  let questions = 0
  for (; !sequence.settled() && questions < 200; now += 1000) {
    sequence.tick(now, true)
    for (let wish = sequence.wish(now); wish !== undefined; wish = sequence.wish(now)) {
      questions++
      sequence.asked(wish)
      const first = Math.max(wish.first, keptFrom)
      sequence.answered(
        wish,
        {
          entries: ids(first, Math.min(live, first + Math.min(step, PAGE) - 1)).map(entry),
          voids: [],
          goneBelow: first > wish.first ? first : undefined
        },
        now
      )
    }
  }
  assert.isTrue(sequence.settled(), "it asks for ever")
  return { published, notes, live }
}

const covered = (notes: ReadonlyArray<Sequence.Note>, type: Sequence.Note["type"]) =>
  new Set(notes.filter((note) => note.type === type).flatMap(({ first, last }: Range) => ids(first, last)))

describe("one answer that does not reach back", () => {
  it("is not believed: the server may be behind the others", () => {
    const notes: Array<Sequence.Note> = []
    const published: Array<number> = []
    const entry = entryAt(1)
    const sequence = Sequence.make<number>({ refills: true, counts: true, inPlaceMs: HOUR }, Sequence.defaultLimits, {
      publish: ({ value }) => void published.push(value),
      note: (note) => void notes.push(note),
      duplicate: () => assert.fail("nothing comes twice"),
      reject: () => assert.fail("nothing is far away")
    })
    const ask = (now: number, goneBelow: number | undefined, ...there: ReadonlyArray<number>) => {
      const wish = sequence.wish(now) ?? assert.fail("it does not ask")
      sequence.asked(wish)
      sequence.answered(wish, { entries: there.map(entry), voids: [], goneBelow }, now)
    }
    sequence.live(entry(10), 0)
    sequence.live(entry(14), 0)
    ask(1000, 15)
    ask(10_000, 15)
    assert.isEmpty(notes)
    ask(20_000, undefined, 11, 12, 13)
    assert.deepStrictEqual(published, [10, 11, 12, 13, 14])
    assert.deepStrictEqual(
      notes.map(({ first, last, type }) => [type, first, last]),
      [["gap-filled", 11, 13]]
    )
  })
})

describe("answers that do not reach back", () => {
  it("count only for the ids that they were about", () => {
    const opened: Array<number> = []
    const entry = entryAt(1)
    const sequence = Sequence.make<number>({ refills: true, counts: true, inPlaceMs: HOUR }, Sequence.defaultLimits, {
      publish: () => {},
      note: ({ first, type }) => void (type === "gap-opened" && opened.push(first)),
      duplicate: () => {},
      reject: () => assert.fail("nothing is far away")
    })
    const deny = (now: number, goneBelow: number) => {
      const wish = sequence.wish(now) ?? assert.fail("it does not ask")
      sequence.asked(wish)
      sequence.answered(wish, { entries: [], voids: [], goneBelow }, now)
    }
    for (const id of [10, 13, 15]) sequence.live(entry(id), 0)
    deny(1000, 16)
    deny(10_000, 16)
    // Another connection brings them; what is missing now is 14.
    for (const id of [11, 12]) sequence.live(entry(id), 11_000)
    deny(20_000, 16)
    assert.isEmpty(opened)
    deny(30_000, 16)
    deny(40_000, 16)
    assert.deepStrictEqual(opened, [14])
  })
})

describe("a history that has let go of what is old", () => {
  it.prop(
    "fills what it has, in place or late, and leaves the rest open",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1500 })),
      Schema.Int.check(Schema.isBetween({ minimum: -10, maximum: 1600 })),
      Schema.Literals([1, 60_000]),
      Schema.Int.check(Schema.isBetween({ minimum: 20, maximum: PAGE }))
    ],
    ([missing, kept, millisApart, step]) => {
      const keptFrom = BASE + 1 + kept
      const { live, notes, published } = run(missing, keptFrom, millisApart, step)
      const there = published.map(([id]) => id)
      assert.sameMembers(there, ids(Math.max(BASE + 1, Math.min(keptFrom, live)), live), "all that there is, each once")
      const inOrder = published.filter(([, late]) => !late).map(([id]) => id)
      assert.deepStrictEqual(
        inOrder,
        inOrder.toSorted((a, b) => a - b)
      )
      assert.strictEqual(covered(notes, "gap-confirmed").size, 0, "they may have been given")
      const opened = covered(notes, "gap-opened")
      for (const id of ids(BASE + 1, live)) {
        if (!there.includes(id)) assert.isTrue(opened.has(id), `${id} is missing and nobody says so`)
      }
      const filled = covered(notes, "gap-filled")
      for (const id of filled) assert.isTrue(there.includes(id), `${id} is said to be filled`)
    }
  )
})
