import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { LOOKS } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import type { Entry, HistoryPage, Range } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What happens next; what cannot happen is left out. */
const Event = Schema.Union([
  /** The exchange makes as many ids; of each a line gets one, none or two, or gets it behind the next one. */
  Schema.Struct({ make: Schema.Array(Schema.Struct({ a: between(0, 5), b: between(0, 5), exists: between(0, 9) })) }),
  Schema.Struct({ deliver: Schema.Literals(["a", "b"]), count: between(1, 12) }),
  Schema.Struct({ answer: Schema.Literals(["all", "part", "fail", "lie", "late"]), count: between(0, 4) }),
  Schema.Struct({ pass: between(1, 3000) }),
  Schema.Struct({ pass: between(20_000, 200_000) }),
  Schema.Struct({ restart: Schema.Literal(true) }),
  Schema.Struct({ shed: Schema.Literal(true) }),
  /** So many of what was published last were not kept. */
  Schema.Struct({ recall: between(1, 20) }),
  Schema.Struct({ compare: Schema.Literal(true) })
])
type Event = typeof Event.Type

const Events = Arbitrary.array(Arbitrary.schema(Event), { minLength: 10, maxLength: 60 })

const BASE = 5000

const entryOf = (id: number): Entry<number> => ({ first: id, last: id, at: id * 1000, bytes: 10, value: id })

/** A model of the exchange, its two lines and its history, and of a log that checks what it is given. */
const world = (rule: Sequence.Rule, limits: Partial<Sequence.Limits>) => {
  let now = 1_000_000
  let made = BASE
  /** Ids that no event has; the history names every second one. */
  const absent = new Set<number>()
  const lines = { a: new Array<number>(), b: new Array<number>() }
  const published = new Set<number>()
  const lateIds: Array<number> = []
  const notes: Array<Sequence.Note> = []
  const explained = new Set<number>()
  const delivered = new Set<number>()
  let highest: number | undefined
  /** The first id that came live, since a start that knew of nothing stored. */
  let heard: number | undefined
  let lies = 0

  const out: Sequence.Out<number> = {
    publish: ({ value: id }, late) => {
      assert.isFalse(published.has(id), `${id} is published twice`)
      assert.isFalse(absent.has(id), `${id} does not exist`)
      published.add(id)
      if (late) {
        assert.isTrue(explained.has(id), `${id} is late without a gap`)
        assert.isBelow(id, highest ?? 0)
        if (rule.refills) assert.isAbove(id, lateIds.at(-1) ?? 0, "late ids ascend")
        lateIds.push(id)
        return
      }
      for (let skipped = (highest ?? id - 1) + 1; skipped < id; skipped++) {
        assert.isTrue(explained.has(skipped), `${skipped} is skipped before ${id}`)
      }
      assert.isAbove(id, highest ?? 0, "ids ascend")
      highest = id
    },
    note: (note) => {
      assert.isAtMost(note.first, note.last)
      notes.push(note)
      for (let id = note.first; id <= note.last; id++) {
        if (note.type === "gap-confirmed") assert.isTrue(absent.has(id), `${id} exists`)
        if (note.type === "gap-filled" && note.reason !== Sequence.FOLLOWS && !absent.has(id))
          assert.isTrue(published.has(id), `${id} is not filled`)
        if (note.type === "gap-opened" || note.type === "gap-confirmed") explained.add(id)
      }
    },
    duplicate: ({ value: id }) => {
      assert.isTrue(delivered.has(id))
    },
    reject: ({ value }) => assert.fail(`${value} is rejected`)
  }

  const newest = () => {
    let id = made
    while (absent.has(id)) id--
    return id
  }

  const start = () => Sequence.make(rule, { ...Sequence.defaultLimits, ...limits }, out)
  let sequence = start()
  let wishes: Array<Sequence.Wish> = []

  /** Gaps as a reader of the log sees them: opened, not filled or confirmed, without the ids that are there. */
  const openGaps = (): ReadonlyArray<Range> => {
    const missing = notes
      .filter(({ type }) => type === "gap-opened")
      .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
      .filter((id) => !published.has(id) && id > (lateIds.at(-1) ?? 0))
      .filter((id) => !notes.some(({ first, last, type }) => type === "gap-confirmed" && first <= id && id <= last))
    const ranges: Array<{ first: number; last: number }> = []
    for (const id of missing) {
      const newest = ranges.at(-1)
      if (newest !== undefined && newest.last + 1 === id) newest.last = id
      else ranges.push({ first: id, last: id })
    }
    return ranges
  }

  const tick = () => {
    sequence.tick(now, true)
    for (let wish = sequence.wish(now); wish !== undefined; wish = sequence.wish(now)) {
      assert.isTrue(rule.refills, "there is no history to ask")
      sequence.asked(wish)
      wishes.push(wish)
    }
  }

  const page = (from: number, count: number, hide: boolean, visible = made): HistoryPage<number> => {
    const ids = Array.from({ length: Math.max(0, visible - from) }, (_, index) => from + 1 + index - 1)
      .filter((id) => id > BASE)
      .slice(0, count)
    const there = ids.filter((id) => !absent.has(id))
    return {
      entries: there.filter((_, index) => !(hide && index === 0)).map(entryOf),
      voids: ids.filter((id) => absent.has(id) && id % 2 === 0)
    }
  }

  const answer = (kind: "all" | "part" | "fail" | "lie" | "late", count: number) => {
    const wish = wishes.shift()
    if (wish === undefined) return
    // One that hides a row does it less often than it takes to be believed.
    const lie = kind === "lie" && ++lies < LOOKS
    if (!lie) lies = 0
    if (kind === "fail") sequence.answered(wish, undefined, now)
    else {
      const visible = kind === "late" ? Math.max(wish.first, made - 3) : made + 1
      sequence.answered(wish, page(wish.first, kind === "part" ? count : 1000, lie, visible), now)
    }
    tick()
  }

  const deliver = (line: "a" | "b", count: number) => {
    for (const id of lines[line].splice(0, count)) {
      delivered.add(id)
      heard ??= id
      sequence.live(entryOf(id), now)
    }
    tick()
  }

  const recall = (count: number) => {
    if (highest === undefined || !rule.refills) return
    const live = Array.from(published).filter((id) => !lateIds.includes(id))
    // Something was kept before it.
    const refused = live
      .toSorted((a, b) => a - b)
      .slice(1)
      .slice(-count)
    const [first] = refused
    if (first === undefined) return
    const last = highest
    const after = Array.from(published).slice(Array.from(published).indexOf(first))
    for (const id of after) published.delete(id)
    lateIds.splice(0, Infinity, ...lateIds.filter((id) => !after.includes(id)))
    highest = Math.max(...live.filter((id) => id < first))
    // Of a gap below, with nothing in between that was kept.
    for (const id of after.toSorted((a, b) => a - b)) if (id < first) sequence.lost({ first: id, last: id })
    sequence.recall({ first, last }, first * 1000, now)
    tick()
  }

  const pass = (millis: number) => {
    now += millis
    tick()
  }

  const step = (event: Event) => {
    if ("make" in event) {
      for (const { a, b, exists } of event.make) {
        const id = ++made
        if (exists === 0) {
          absent.add(id)
          continue
        }
        for (const [line, fate] of [
          [lines.a, a],
          [lines.b, b]
        ] as const) {
          if (fate === 1) continue
          if (fate === 2) line.push(id)
          if (fate === 3) line.splice(Math.max(0, line.length - 1), 0, id)
          else line.push(id)
        }
      }
    } else if ("deliver" in event) deliver(event.deliver, event.count)
    else if ("answer" in event) answer(event.answer, event.count)
    else if ("pass" in event) pass(event.pass)
    else if ("recall" in event) recall(event.recall)
    else if ("shed" in event) {
      if (rule.refills) sequence.shed()
    } else if ("compare" in event) {
      if (rule.refills) sequence.exists(newest(), now)
    } else {
      sequence = start()
      wishes = []
      if (highest === undefined) heard = undefined
      else {
        // What was on its way to the run before is nobody's.
        heard ??= highest + 1
        sequence.resume({ last: highest, at: highest * 1000, gaps: openGaps() })
      }
    }
  }

  /** What comes in the end, when everything works. */
  const finish = () => {
    deliver("a", Infinity)
    deliver("b", Infinity)
    if (rule.refills) sequence.exists(newest(), now)
    tick()
    for (let turn = 0; turn < 400; turn++) {
      if (sequence.settled() && sequence.status().gaps.length === 0) break
      while (wishes.length > 0) answer("all", 0)
      pass(5000)
    }
    assert.isTrue(sequence.settled(), "it never settles")
  }

  return { step, finish, published, absent, notes, newest, explained, heard: () => heard, sequence: () => sequence }
}

const trades: Sequence.Rule = { refills: true, counts: true, inPlaceMs: 3_600_000 }

describe("Sequence", () => {
  it.prop(
    "publishes every id once and in order, whatever the lines and the history do",
    { events: Events, parked: Arbitrary.schema(between(1, 30)) },
    ({ events, parked }) => {
      const it = world(trades, { parked })
      for (const event of events) it.step(event)
      it.finish()
      const [first = Infinity] = [...it.published].toSorted((a, b) => a - b)
      // Whatever was known before it came.
      for (let id = Math.min(first, it.heard() ?? Infinity); id <= it.newest(); id++) {
        assert.isTrue(it.published.has(id) || it.absent.has(id), `${id} never comes`)
      }
    },
    { arbitrary: { runs: 500, size: 60 } }
  )

  it.prop(
    "explains every id that it cannot fetch again",
    { events: Events, parked: Arbitrary.schema(between(1, 30)) },
    ({ events, parked }) => {
      const it = world({ ...trades, refills: false }, { parked })
      for (const event of events) if (!("restart" in event)) it.step(event)
      it.finish()
      const ids = [...it.published].toSorted((a, b) => a - b)
      const [first = 0, last = -1] = [ids[0], ids.at(-1)]
      for (let id = first; id <= last; id++) assert.isTrue(it.published.has(id) || it.explained.has(id), `${id}`)
    },
    { arbitrary: { runs: 250, size: 60 } }
  )
})

/** What a sequence says, a line each. */
const recorder = () => {
  const lines: Array<string> = []
  const range = ({ first, last }: Range) => (first === last ? `${first}` : `${first}-${last}`)
  const out: Sequence.Out<number> = {
    publish: (entry, late) => void lines.push(`${range(entry)}${late ? " late" : ""}`),
    note: (note) => void lines.push(`${note.type} ${range(note)}`),
    duplicate: (entry) => void lines.push(`duplicate ${range(entry)}`),
    reject: (entry) => void lines.push(`reject ${range(entry)}`)
  }
  return { out, said: () => lines.splice(0) }
}

const span = (first: number, last: number, at = last): Entry<number> => ({ first, last, at, bytes: 1, value: first })

const started = (rule: Sequence.Rule, limits: Partial<Sequence.Limits> = {}) => {
  const { out, said } = recorder()
  const sequence = Sequence.make(rule, { ...Sequence.defaultLimits, ...limits }, out)
  return { sequence, said }
}

const answer = (sequence: Sequence.Sequence<number>, now: number, ...entries: ReadonlyArray<Entry<number>>) => {
  const wish = sequence.wish(now)
  assert.isDefined(wish)
  sequence.asked(wish)
  sequence.answered(wish, { entries, voids: [] }, now)
}

describe("a sequence of trades", () => {
  it("fills a hole in place, after it has waited for a late neighbour", () => {
    const { said, sequence } = started(trades)
    sequence.live(span(1, 1), 0)
    sequence.live(span(4, 4), 0)
    assert.isUndefined(sequence.wish(249))
    assert.deepStrictEqual(sequence.wish(250), { first: 2, last: 3, until: 4, late: false })
    answer(sequence, 250, span(2, 2), span(3, 3), span(4, 4))
    assert.deepStrictEqual(said(), ["1", "2", "3", "4", "gap-filled 2-3"])
  })

  it("says nothing of a hole that a neighbour fills", () => {
    const { said, sequence } = started(trades)
    for (const id of [1, 3, 2, 4, 2]) sequence.live(span(id, id), 0)
    assert.deepStrictEqual(said(), ["1", "2", "3", "4", "duplicate 2"])
  })

  it("opens at once what spans too much time for one page, and fills it late", () => {
    const { said, sequence } = started(trades)
    sequence.resume({ last: 10, at: 0, gaps: [] })
    sequence.live(span(5000, 5000, 3_600_001), 0)
    assert.deepStrictEqual(said(), ["gap-opened 11-4999", "5000"])
    answer(sequence, 0, span(11, 11), span(12, 12))
    assert.deepStrictEqual(said(), ["11 late", "12 late", "gap-filled 11-12"])
  })

  it("fills a hole of one page in place, however long ago it began", () => {
    const { said, sequence } = started(trades)
    sequence.resume({ last: 10, at: 0, gaps: [] })
    sequence.live(span(12, 12, 10_000_000), 0)
    answer(sequence, 250, span(11, 11))
    assert.deepStrictEqual(said(), ["11", "12", "gap-filled 11"])
  })

  it("believes a leap of more than a million only if the history knows of it", () => {
    const { said, sequence } = started(trades)
    sequence.live(span(1, 1), 0)
    sequence.live(span(2_000_000, 2_000_000), 0)
    assert.isTrue(sequence.wantsNewest(0))
    assert.isFalse(sequence.settled())
    sequence.newest(5, 0)
    assert.deepStrictEqual(said(), ["1", "reject 2000000"])
    assert.isTrue(sequence.settled())
    sequence.live(span(2_000_001, 2_000_001), 0)
    sequence.newest(2_000_001, 0)
    assert.deepStrictEqual(sequence.wish(250), { first: 2, last: 2_000_001, until: 2_000_001, late: false })
  })

  it("begins anew where the exchange does", () => {
    const { said, sequence } = started(trades)
    sequence.resume({ last: 1_000_000, at: 0, gaps: [] })
    sequence.live(span(5, 5), 0)
    sequence.live(span(6, 6), 20_000)
    assert.isTrue(sequence.wantsNewest(20_000))
    sequence.newest(6, 20_000)
    assert.deepStrictEqual(said(), ["duplicate 5", "duplicate 6", "sequence-reset 5-6"])
    answer(sequence, 20_250, span(5, 5), span(6, 6))
    sequence.live(span(7, 7), 20_300)
    assert.deepStrictEqual(said(), ["5", "6", "gap-filled 5-6", "7"])
  })

  it("begins anew where the exchange does though the last of the old ids came twice", () => {
    const { said, sequence } = started(trades)
    sequence.resume({ last: 999_999, at: 0, gaps: [] })
    for (const id of [1_000_000, 1_000_000, 5]) sequence.live(span(id, id), 0)
    sequence.live(span(6, 6), 20_000)
    assert.isTrue(sequence.wantsNewest(20_000))
    sequence.newest(6, 20_000)
    assert.strictEqual(said().at(-1), "sequence-reset 5-6")
  })

  it("publishes what waited behind a hole of the old count, and says what was missing of it", () => {
    const { said, sequence } = started(trades)
    sequence.resume({ last: 1_000_000, at: 0, gaps: [] })
    sequence.live(span(1_000_003, 1_000_003), 0)
    sequence.exists(1_000_005, 0)
    sequence.live(span(5, 5), 0)
    sequence.live(span(6, 6), 20_000)
    sequence.newest(6, 20_000)
    assert.deepStrictEqual(said(), [
      "duplicate 5",
      "duplicate 6",
      "gap-opened 1000001-1000002",
      "1000003",
      "gap-opened 1000004-1000005",
      "sequence-reset 5-6"
    ])
    answer(sequence, 20_250, span(5, 5), span(6, 6))
    sequence.live(span(7, 7), 20_300)
    assert.deepStrictEqual(said(), ["5", "6", "gap-filled 5-6", "7"])
  })

  it("does not take a quiet line that is behind for a new beginning", () => {
    const { sequence } = started(trades)
    sequence.resume({ last: 1_000_000, at: 0, gaps: [] })
    sequence.live(span(999_990, 999_990), 0)
    assert.isFalse(sequence.wantsNewest(60_000))
  })

  it("publishes what waits when it is closed", () => {
    const { said, sequence } = started(trades)
    for (const id of [1, 3, 4, 7]) sequence.live(span(id, id), 0)
    sequence.close()
    assert.deepStrictEqual(said(), ["1", "gap-opened 2", "3", "4", "gap-opened 5-6", "7"])
  })

  it("goes past a hole only with something newer", () => {
    const { said, sequence } = started(trades)
    sequence.live(span(1, 1), 0)
    sequence.exists(3, 0)
    sequence.tick(1_000_000, true)
    assert.deepStrictEqual(said(), ["1"])
    sequence.live(span(4, 4), 1_000_000)
    assert.deepStrictEqual(said(), ["gap-opened 2-3", "4"])
  })
})

describe("a sequence that the history knows before anything live comes", () => {
  it("begins with what was on its way then", () => {
    const { said, sequence } = started(trades)
    sequence.exists(5, 0)
    for (const id of [3, 4, 5, 6, 5]) sequence.live(span(id, id), 0)
    assert.isTrue(sequence.settled())
    assert.deepStrictEqual(said(), ["3", "4", "5", "6", "duplicate 5"])
  })

  it("fetches what then does not come", () => {
    const { said, sequence } = started(trades)
    sequence.exists(5, 0)
    sequence.live(span(3, 3), 0)
    answer(sequence, 250, span(4, 4), span(5, 5))
    assert.deepStrictEqual(said(), ["3", "4", "5", "gap-filled 4-5"])
  })

  it("has it follow late where newer ones are published", () => {
    const { said, sequence } = started(trades)
    sequence.exists(5, 0)
    sequence.exists(7, 0)
    answer(sequence, 250, span(6, 6), span(7, 7))
    for (const id of [3, 4]) sequence.live(span(id, id), 300)
    sequence.live(span(8, 8), 300)
    answer(sequence, 300, span(3, 3), span(4, 4), span(5, 5))
    assert.deepStrictEqual(said(), [
      "6",
      "7",
      "gap-filled 6-7",
      "gap-opened 3-5",
      "duplicate 3",
      "duplicate 4",
      "8",
      "3 late",
      "4 late",
      "5 late",
      "gap-filled 3-5"
    ])
  })

  it("does not, once it is known what an earlier run has stored", () => {
    const { said, sequence } = started(trades)
    sequence.exists(5, 0)
    sequence.resume({ last: 5, at: 0, gaps: [] })
    for (const id of [3, 5, 6]) sequence.live(span(id, id), 0)
    assert.deepStrictEqual(said(), ["duplicate 3", "duplicate 5", "6"])
  })

  it("stays where newer ones were published and not all kept", () => {
    const { said, sequence } = started(trades)
    sequence.exists(5, 0)
    sequence.exists(7, 0)
    answer(sequence, 250, span(6, 6), span(7, 7))
    sequence.recall({ first: 7, last: 7 }, 7, 300)
    said()
    sequence.live(span(3, 3), 300)
    assert.deepStrictEqual(said(), ["gap-opened 3-5", "duplicate 3"])
  })

  it("does not begin a million below", () => {
    const { said, sequence } = started(trades)
    sequence.exists(50_000_000, 0)
    sequence.live(span(1, 1), 0)
    assert.deepStrictEqual(said(), ["duplicate 1"])
  })
})

describe("a sequence of candles", () => {
  const minute = (n: number) => span(n * 60_000, n * 60_000 + 59_999)
  const candles: Sequence.Rule = { refills: true, counts: false, inPlaceMs: Infinity }

  it("misses a closed one as soon as a later one opens", () => {
    const { said, sequence } = started(candles)
    sequence.live(minute(1), 0)
    sequence.exists(minute(2).last, 0)
    answer(sequence, 250, minute(2))
    assert.deepStrictEqual(said(), ["60000-119999", "120000-179999", "gap-filled 120000-179999"])
  })

  it("takes the first closed one though the next one has opened before it came", () => {
    const { said, sequence } = started(candles)
    sequence.exists(minute(1).last, 0)
    sequence.live(minute(1), 0)
    sequence.live(minute(1), 0)
    sequence.live(minute(2), 0)
    assert.deepStrictEqual(said(), ["60000-119999", "duplicate 60000-119999", "120000-179999"])
  })

  it("takes the closed one that comes behind the open one", () => {
    const { said, sequence } = started(candles)
    sequence.live(minute(1), 0)
    sequence.exists(minute(2).last, 0)
    sequence.live(minute(2), 100)
    assert.isTrue(sequence.settled())
    assert.deepStrictEqual(said(), ["60000-119999", "120000-179999"])
  })
})

describe("a sequence of order book updates", () => {
  const updates: Sequence.Rule = { refills: false, counts: false, inPlaceMs: Infinity }

  it("takes what overlaps, drops what is known, and explains a hole", () => {
    const { said, sequence } = started(updates)
    sequence.live(span(1, 10), 0)
    sequence.live(span(5, 12), 0)
    sequence.live(span(3, 9), 0)
    sequence.live(span(20, 25), 0)
    sequence.tick(249, true)
    assert.deepStrictEqual(said(), ["1-10", "5-12", "duplicate 3-9"])
    sequence.tick(250, true)
    assert.isUndefined(sequence.wish(10_000))
    assert.deepStrictEqual(said(), ["gap-opened 13-19", "20-25"])
    // What comes of it after all is better late than never, once.
    sequence.live(span(14, 16), 300)
    sequence.live(span(14, 16), 300)
    assert.deepStrictEqual(said(), ["14-16 late", "gap-filled 14-16", "duplicate 14-16"])
  })
})
