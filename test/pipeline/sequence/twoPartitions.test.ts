/**
 * Events and what is said of them are stored in two partitions, each at its own pace, directly or over a disk. A kill loses
 * of each what was on its way, and leaves what is on the disk.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Closers from "../../../src/pipeline/Closers.ts"
import type { Statement } from "../../../src/pipeline/ContinuityRecord.ts"
import * as OpenGaps from "../../../src/pipeline/OpenGaps.ts"
import type { Entry, Range } from "../../../src/pipeline/sequence/HistoryWalk.ts"
import * as Sequence from "../../../src/pipeline/sequence/Sequence.ts"
import * as Standing from "../../../src/pipeline/Standing.ts"
import { range } from "../../support/tape.ts"

const STREAM = "btcusdt@trade"
const entry = (id: number): Entry<number> => ({ first: id, last: id, at: id * 1000, bytes: 10, value: id })

interface Event {
  readonly id: number
  readonly late: boolean
}
type Sent = Event | Statement

const isEvent = (sent: Sent): sent is Event => "id" in sent
const isStatement = (sent: Sent): sent is Statement => !isEvent(sent)

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Step = Schema.Union([
  /** So many trades; every sixth one, by its number, does not arrive. */
  Schema.Struct({ make: between(1, 6), lose: between(0, 6) }),
  Schema.Struct({ answer: between(1, 8), which: between(0, 3) }),
  Schema.Struct({ pass: Schema.Literals([300, 70_000, 130_000]) }),
  Schema.Struct({ events: between(1, 20) }),
  Schema.Struct({ notes: between(1, 5) }),
  Schema.Struct({ position: Schema.Literal(true) }),
  Schema.Struct({ engage: Schema.Literal(true) }),
  Schema.Struct({ drain: between(1, 20) }),
  Schema.Struct({ kill: Schema.Literal(true) })
])
type Step = typeof Step.Type
const Steps = Arbitrary.array(Arbitrary.schema(Step), { minLength: 10, maxLength: 80 })

/** A partition: what was sent to it, and how much of that it has. */
const partition = <A>() => {
  let sent: ReadonlyArray<A> = []
  let stored = 0
  return {
    send: (record: A) => void (sent = [...sent, record]),
    store: (count: number) => void (stored = Math.min(sent.length, stored + count)),
    kill: () => void (sent = sent.slice(0, stored)),
    sent: () => sent.length,
    stored: () => sent.slice(0, stored),
    onTheirWay: () => sent.slice(stored)
  }
}

/** What waits for something to happen. */
const waitingRoom = () => {
  let waiting: ReadonlyArray<{ readonly isDue: () => boolean; readonly act: () => void }> = []
  return {
    wait: (isDue: () => boolean, act: () => void) => void (waiting = [...waiting, { isDue, act }]),
    look: () => {
      const due = waiting.filter(({ isDue }) => isDue())
      waiting = waiting.filter((one) => !due.includes(one))
      for (const { act } of due) act()
    },
    clear: () => void (waiting = [])
  }
}

const standingOf = (events: ReadonlyArray<Event>, late: ReadonlyArray<Range> = []) => {
  const standing = Standing.make(late)
  for (const { id, late } of events) standing.add({ first: id, last: id, at: id * 1000, late })
  return standing.read()
}

const kafka = () => {
  const events = partition<Event>()
  const notes = partition<Statement>()
  const { clear, look, wait } = waitingRoom()
  /** As the positions topic has it: the last record that is not late, and what was late and not said to be by then. */
  let written: { readonly index: number; readonly late: ReadonlyArray<Range> } = { index: 0, late: [] }

  const whenStored = (act: () => void) => {
    const sent = { events: events.sent(), notes: notes.sent() }
    wait(() => sent.events <= events.stored().length && sent.notes <= notes.stored().length, act)
  }

  return {
    events,
    notes,
    look,
    whenStored,
    send: (sent: Sent) => (isEvent(sent) ? events.send(sent) : notes.send(sent)),
    writePosition: () => {
      const lates = events.stored().flatMap(({ id, late }) => (late ? [{ first: id, last: id }] : []))
      const index = events.stored().findLastIndex(({ late }) => !late)
      const late = OpenGaps.of(notes.stored()).unsaidLate(STREAM, lates)
      whenStored(() => void (written = { index, late }))
    },
    stands: () => standingOf(events.stored().slice(written.index), written.late),
    kill: () => {
      events.kill()
      notes.kill()
      clear()
    }
  }
}
type Kafka = ReturnType<typeof kafka>

const spool = (sink: Kafka) => {
  const { clear, look, wait } = waitingRoom()
  let disk: ReadonlyArray<Sent> = []
  let head = 0
  let engaged = false
  let draining = false
  /** What the sink has as well, or had stored before the start. */
  let skipped = new Set<Sent>()

  return {
    send: (sent: Sent) => {
      if (engaged) disk = [...disk, sent]
      else sink.send(sent)
    },
    engage: () => {
      const waiting = [...sink.events.onTheirWay(), ...sink.notes.onTheirWay()]
      if (engaged || waiting.length === 0) return
      engaged = true
      disk = [...disk, ...waiting]
      skipped = new Set(waiting)
    },
    drain: (count: number) => {
      if (!engaged || draining) return
      const end = Math.min(disk.length, head + count)
      for (const sent of disk.slice(head, end)) if (!skipped.has(sent)) sink.send(sent)
      draining = true
      sink.whenStored(() => {
        head = end
        draining = false
        engaged = head < disk.length
      })
    },
    whenStored: (act: () => void) => {
      const end = disk.length
      let isStored = false
      sink.whenStored(() => void (isStored = true))
      wait(() => isStored && head >= end, act)
    },
    look: () => {
      sink.look()
      look()
    },
    /** Where a start goes on. */
    restart: () => {
      sink.kill()
      clear()
      const left = disk.slice(head)
      draining = false
      engaged = left.length > 0
      skipped = new Set<Sent>([...sink.events.stored(), ...sink.notes.stored()])
      const stands = Standing.joined(sink.stands(), standingOf(left.filter(isEvent)))
      const said = [...sink.notes.stored(), ...left.filter(isStatement)]
      return Standing.position(stands, OpenGaps.of(said), STREAM)
    }
  }
}

const world = (inPlaceMs: number) => {
  const stored = kafka()
  const sink = spool(stored)
  let wishes: Array<Sequence.Wish> = []
  let made = 0
  let now = 0

  const start = () =>
    Sequence.make<number>(
      { refills: true, counts: true, inPlaceMs },
      { ...Sequence.defaultLimits, parked: 20 },
      {
        publish: ({ value }, late) => sink.send({ id: value, late }),
        note: ({ first, last, ...rest }) => {
          const note: Statement = { ...rest, stream: STREAM, symbol: "BTCUSDT", from: first, to: last }
          if (Closers.hasToWait(note)) sink.whenStored(() => sink.send(note))
          else sink.send(note)
        },
        duplicate: () => {},
        reject: () => {}
      }
    )
  let sequence = start()

  const tick = () => {
    sequence.tick(now, true)
    for (let wish = sequence.wish(now); wish !== undefined; wish = sequence.wish(now)) {
      sequence.asked(wish)
      wishes.push(wish)
    }
  }

  const live = (id: number) => sequence.live(entry(id), now)

  const answer = (count: number, which: number) => {
    const [wish] = wishes.splice(which % Math.max(1, wishes.length), 1)
    if (wish === undefined) return
    const ids = range(wish.first, Math.min(made, wish.first + count - 1))
    sequence.answered(wish, { entries: ids.map((id) => entry(id)), voids: [] }, now)
    tick()
  }

  const kill = () => {
    wishes = []
    sequence = start()
    const position = sink.restart()
    if (position !== undefined) sequence.resume(position)
  }

  live(++made)
  stored.events.store(1)

  return {
    events: stored.events.stored,
    notes: stored.notes.stored,
    made: () => made,
    step: (step: Step) => {
      if ("make" in step) {
        for (let n = 0; n < step.make; n++) if (++made % 6 !== step.lose) live(made)
      } else if ("answer" in step) answer(step.answer, step.which)
      else if ("pass" in step) now += step.pass
      else if ("events" in step) stored.events.store(step.events)
      else if ("notes" in step) stored.notes.store(step.notes)
      else if ("position" in step) stored.writePosition()
      else if ("engage" in step) sink.engage()
      else if ("drain" in step) sink.drain(step.drain)
      else kill()
      sink.look()
      tick()
    },
    finish: () => {
      for (let n = 0; n < 100; n++) {
        sequence.exists(made, now)
        now += 70_000
        tick()
        while (wishes.length > 0) answer(1000, 0)
        sink.drain(1000)
        stored.events.store(Infinity)
        stored.notes.store(Infinity)
        sink.look()
        if (n % 10 === 0) live(++made)
      }
    }
  }
}

describe("what is stored in two partitions", () => {
  it.prop(
    "is whole in the end, whatever of each a kill loses, and all of it is said",
    { steps: Steps, inPlaceMs: Arbitrary.schema(Schema.Literals([5000, 3_600_000])) },
    ({ inPlaceMs, steps }) => {
      const it = world(inPlaceMs)
      for (const step of steps) it.step(step)
      it.finish()
      const ascending = (all: ReadonlyArray<number>) => all.toSorted((a, b) => a - b)
      const ids = it.events().map(({ id }) => id)
      assert.deepStrictEqual(ascending(ids.filter((id) => id < it.made())), [...range(1, it.made() - 1)])
      const inOrder = it.events().flatMap(({ id, late }) => (late ? [] : [id]))
      assert.deepStrictEqual(inOrder, ascending(inOrder))
      assert.isEmpty(OpenGaps.of(it.notes()).open(STREAM))
      const late = it.notes().flatMap(({ from, late, to }) => (late ? range(from ?? 1, to ?? 0) : []))
      assert.includeMembers(
        late,
        it.events().flatMap(({ id, late }) => (late ? [id] : []))
      )
    },
    { arbitrary: { runs: 8000, size: 80 } }
  )
})
