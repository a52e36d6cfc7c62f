/** A sequence whose events are not kept for want of room, and processes that are killed meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Overflows from "../../../src/layers/spool/Overflows.ts"
import * as OpenGaps from "../../../src/pipeline/OpenGaps.ts"
import type { Entry } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import * as Standing from "../../../src/pipeline/Standing.ts"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"
import { range, recordOf, stream, trade } from "../../support/tape.ts"

const STREAM = "btcusdt@trade"
const rule: Sequence.Rule = { refills: true, counts: true, inPlaceMs: 3_600_000 }
const entry = (id: number, at = id): Entry<number> => ({ first: id, last: id, at, bytes: 10, value: id })

/** Where a start goes on. */
const positionOf = (
  stored: ReadonlyArray<{ readonly id: number; readonly late: boolean }>,
  notes: ReadonlyArray<Sequence.Note>
) => {
  const gaps = OpenGaps.make()
  for (const { first, last, late, type } of notes) gaps.add({ type, stream: STREAM, from: first, to: last, late })
  const standing = Standing.make()
  for (const { id, late } of stored) standing.add({ first: id, last: id, at: id * 1000, late })
  return Standing.position(standing.read(), gaps, STREAM)
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Event = Schema.Union([
  /** So many trades; every sixth one, by its number, does not arrive. */
  Schema.Struct({ make: between(1, 6), lose: between(0, 5) }),
  Schema.Struct({ answer: between(1, 8), which: between(0, 3) }),
  Schema.Struct({ pass: between(300, 300) }),
  Schema.Struct({ pass: between(130_000, 130_000) }),
  Schema.Struct({ room: Schema.Boolean }),
  Schema.Struct({ drain: Schema.Literal(true) }),
  Schema.Struct({ kill: Schema.Literal(true) })
])
type Event = typeof Event.Type
const Events = Arbitrary.array(Arbitrary.schema(Event), { minLength: 10, maxLength: 60 })

/** A sequence over a store that is full now and then, and keeps what is said of gaps all the same. */
const world = (inPlaceMs: number) => {
  const kept: Array<{ readonly id: number; readonly late: boolean }> = []
  const said: Array<Sequence.Note> = []
  let events: Array<{ readonly id: number; readonly late: boolean }> = []
  let notes: Array<Sequence.Note> = []
  let overflows = Overflows.make(() => [stream(STREAM)])
  let wishes: Array<Sequence.Wish> = []
  let full = false
  let made = 0
  let now = 0

  const start = () =>
    Sequence.make<number>(
      { ...rule, inPlaceMs },
      { ...Sequence.defaultLimits, parked: 20 },
      {
        publish: ({ value }, late) => void events.push({ id: value, late }),
        note: (note) => void notes.push(note),
        duplicate: () => {},
        reject: () => {}
      }
    )
  let sequence = start()

  const opened = ({ from, to }: Overflows.Span): Sequence.Note => ({
    type: "gap-opened",
    first: from,
    last: to,
    reason: "",
    late: false
  })

  /** As the spool does. */
  const store = () => {
    for (const note of notes) if (note.type === "gap-opened") said.push(note)
    for (const event of events) {
      const record = recordOf(STREAM, trade(event.id), event.late ? { late: true, backfilled: true } : {})
      if (overflows.admit([record]).length === 0) continue
      if (full) overflows.refuse([record])
      else kept.push(event)
    }
    for (const note of notes) {
      if (note.type === "gap-opened") continue
      said.push(note)
      if (note.type !== "gap-filled" || !note.late) continue
      said.push(...overflows.lateOf({ stream: STREAM, from: note.first, to: note.last }).map(opened))
    }
    said.push(...overflows.newlyLate().map(opened))
    events = []
    notes = []
  }

  const live = (id: number) => {
    sequence.live(entry(id, id * 1000), now)
    store()
  }

  const tick = () => {
    sequence.tick(now, true)
    store()
    for (let wish = sequence.wish(now); wish !== undefined; wish = sequence.wish(now)) {
      sequence.asked(wish)
      wishes.push(wish)
    }
  }

  const answer = (count: number, which: number) => {
    const [wish] = wishes.splice(which % Math.max(1, wishes.length), 1)
    if (wish === undefined) return
    const ids = range(wish.first, Math.min(made, wish.first + count - 1))
    sequence.answered(wish, { entries: ids.map((id) => entry(id, id * 1000)), voids: [] }, now)
    store()
    tick()
  }

  const drain = () => {
    if (full) return
    for (const { at, from, late, to } of overflows.take("replayable")) {
      const range = { first: from, last: to }
      if (late) sequence.lost(range)
      else sequence.recall(range, at, now)
      store()
    }
    tick()
  }

  const kill = () => {
    sequence = start()
    wishes = []
    overflows = Overflows.make(() => [stream(STREAM)])
    const position = positionOf(kept, said)
    if (position !== undefined) sequence.resume(position)
    store()
  }

  live(++made)

  return {
    kept,
    made: () => made,
    step: (event: Event) => {
      if ("make" in event) {
        for (let n = 0; n < event.make; n++) if (++made % 6 !== event.lose) live(made)
      } else if ("answer" in event) answer(event.answer, event.which)
      else if ("pass" in event) now += event.pass
      else if ("room" in event) full = !event.room
      else if ("drain" in event) drain()
      else kill()
      tick()
    },
    finish: () => {
      full = false
      for (let n = 0; n < 200; n++) {
        drain()
        sequence.exists(made, now)
        now += 70_000
        tick()
        while (wishes.length > 0) answer(1000, 0)
        if (n % 10 === 0) live(++made)
      }
    }
  }
}

describe("what is not kept", () => {
  it.prop(
    "is there in the end, once and in order, whenever there is no room and whenever a process is killed",
    { events: Events, inPlaceMs: Arbitrary.schema(Schema.Literals([5000, 3_600_000])) },
    ({ events, inPlaceMs }) => {
      const it = world(inPlaceMs)
      for (const event of events) it.step(event)
      it.finish()
      const ids = it.kept.map(({ id }) => id)
      const live = it.kept.filter(({ late }) => !late).map(({ id }) => id)
      const ascending = (all: ReadonlyArray<number>) => all.toSorted((a, b) => a - b)
      assert.deepStrictEqual(live, ascending(live))
      assert.deepStrictEqual(ascending(ids.filter((id) => id < it.made())), [...range(1, it.made() - 1)])
    },
    { arbitrary: { runs: 400, size: 60 } }
  )
})

const make = () => {
  const notes: Array<Sequence.Note> = []
  const published: Array<string> = []
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
  return { sequence, notes, published, answer }
}

describe("recall", () => {
  it("says what was filled in place of a hole that it begins anew", () => {
    const { answer, notes, sequence } = make()
    for (const id of range(1, 39)) sequence.live(entry(id), 0)
    sequence.live(entry(110), 0)
    answer(300, range(40, 104))
    // From 103 on there was no room.
    sequence.recall({ first: 103, last: 104 }, 103, 400)
    answer(400, range(103, 110))
    assert.isTrue(sequence.settled())
    const filled = notes.filter(({ type }) => type === "gap-filled").flatMap(({ first, last }) => range(first, last))
    assert.includeMembers(filled, [...range(40, 109)])
  })

  it("opens what spans too much time, and fills it when something newer is published", () => {
    const { answer, notes, published, sequence } = make()
    const HOUR = 3_600_000
    for (const id of range(1, 2000)) sequence.live(entry(id, id * HOUR), 0)
    sequence.recall({ first: 10, last: 2000 }, 10 * HOUR, 0)
    assert.deepStrictEqual(
      notes.map(({ first, last, type }) => ({ type, first, last })),
      [{ type: "gap-opened", first: 10, last: 2000 }]
    )
    published.splice(0)
    // A start could not tell what is stored of it: the newest id that is not late is 9.
    answer(1000, range(10, 500))
    assert.isEmpty(published)
    sequence.live(entry(2001, 2001 * HOUR), 1000)
    answer(1000, range(10, 11))
    assert.deepStrictEqual(published, ["2001", "10 late", "11 late"])
  })

  it("catches up in place with one page, however long ago it began", () => {
    const { notes, sequence } = make()
    for (const id of range(1, 20)) sequence.live(entry(id, id * 3_600_000), 0)
    sequence.recall({ first: 10, last: 20 }, 10 * 3_600_000, 0)
    assert.isEmpty(notes)
    assert.deepInclude(sequence.wish(0), { first: 10 })
  })

  it("leaves a gap below alone that was opened because it spans too much time", () => {
    const { sequence } = make()
    const HOURS = 30 * 3_600_000
    sequence.resume({ last: 10, at: 0, gaps: [] })
    for (const id of range(900_000, 900_010)) sequence.live(entry(id, HOURS), 0)
    sequence.recall({ first: 900_000, last: 900_010 }, HOURS, 1000)
    assert.deepStrictEqual(sequence.status().gaps, [{ first: 11, last: 899_999 }])
  })

  it("does not leap ahead where the exchange has begun to count anew meanwhile", () => {
    const { sequence } = make()
    sequence.resume({ last: 1_000_000, at: 0, gaps: [] })
    for (const id of range(1_000_001, 1_000_010)) sequence.live(entry(id), 0)
    sequence.live(entry(5), 0)
    sequence.live(entry(6), 20_000)
    sequence.newest(6, 20_000)
    sequence.recall({ first: 1_000_001, last: 1_000_010 }, 0, 20_100)
    assert.strictEqual(sequence.status().last, 4)
  })

  it.each([10, 100])("catches up though %i a second come, and an answer takes 100 ms", (rate) => {
    const { sequence } = make()
    for (const id of range(1, 1000)) sequence.live(entry(id), 0)
    sequence.recall({ first: 500, last: 1000 }, 500, 0)
    let made = 1000
    let answers: ReadonlyArray<{ readonly wish: Sequence.Wish; readonly at: number; readonly shows: number }> = []
    for (let now = 10; !sequence.settled(); now += 10) {
      assert.isBelow(now, 10_000)
      if (now % (1000 / rate) < 10) sequence.live(entry(++made), now)
      for (const { shows, wish } of answers.filter(({ at }) => at <= now)) {
        const until = Math.min(shows, wish.until + 1, wish.first + 999)
        sequence.answered(wish, { entries: range(wish.first, until).map((id) => entry(id)), voids: [] }, now)
      }
      answers = answers.filter(({ at }) => at > now)
      const wish = now % 50 === 0 ? sequence.wish(now) : undefined
      if (wish === undefined) continue
      sequence.asked(wish)
      answers = [...answers, { wish, at: now + 100, shows: made }]
    }
  })
})
