import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { goesBefore, type Statement } from "../../src/pipeline/ContinuityRecord.ts"
import type { MarketEvent } from "../../src/pipeline/Decoder.ts"
import * as Pacer from "../../src/pipeline/Pacer.ts"
import type { Ordered } from "../../src/pipeline/sequencer/contract.ts"
import { streamNames } from "../support/settings.ts"

const streams = streamNames("btcusdt@trade", "ethusdt@trade", "bnbusdt@trade")

const SLICE = 100
const PARTS = 100

/** What comes of one stream at once: so many events, with or without something to say of them. */
const Part = Schema.Struct({
  stream: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 })),
  events: Schema.Union([
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
    Schema.Int.check(Schema.isBetween({ minimum: 90, maximum: 1200 }))
  ]),
  note: Schema.Literals(["none", "gap-opened", "gap-filled"])
})
const Step = Schema.Union([
  Schema.Struct({ pass: Schema.Array(Part).check(Schema.isMaxLength(4)), isLive: Schema.Boolean }),
  Schema.Literals(["next", "next", "release", "release one"])
])
const Steps = Arbitrary.array(Arbitrary.schema(Step), { minLength: 5, maxLength: 60 })

const event = (stream: number, id: number): MarketEvent => ({
  stream: streams[stream] ?? assert.fail(),
  symbol: "",
  facts: { symbol: undefined, eventTime: id, id, exact: true, span: { first: id, last: id } },
  json: "{}",
  receivedAt: 0
})

const note = (stream: number, type: Statement["type"], id: number): Statement => ({
  type,
  stream: streams[stream]?.name ?? "",
  symbol: null,
  from: id,
  to: id,
  reason: "",
  late: false
})

/** The order of each stream's records, as they are made of it. */
const lineUp = ({ events, notes }: Ordered, into: Map<string, Array<string>>): void => {
  const put = (stream: string, text: string) => into.set(stream, [...(into.get(stream) ?? []), text])
  for (const one of notes) if (goesBefore(one)) put(one.stream, `${one.type} ${one.from}`)
  for (const one of events) put(one.stream.name, String(one.facts.span?.first))
  for (const one of notes) if (!goesBefore(one)) put(one.stream, `${one.type} ${one.from}`)
}

const orderedOf = (parts: ReadonlyArray<typeof Part.Type>, nextId: () => number): Ordered => {
  const ordered: Ordered = { events: [], notes: [], rejected: [], duplicates: 0 }
  for (const { events, note: type, stream } of parts) {
    if (type !== "none") ordered.notes.push(note(stream, type, nextId()))
    for (let count = 0; count < events; count++) ordered.events.push(event(stream, nextId()))
  }
  return ordered
}

const countOf = (ordered: Ordered, stream: number): number =>
  ordered.events.filter((one) => one.stream === streams[stream]).length

describe("Pacer", () => {
  it.prop(
    "loses nothing, keeps each stream's order, and lets no more through than a slice beside what came",
    [Steps],
    ([steps]) => {
      const pacer = Pacer.make()
      const given = new Map<string, Array<string>>()
      const gone = new Map<string, Array<string>>()
      let id = 0
      /** So many have come since their stream began to wait, and have not gone on beside a slice. */
      let due = 0
      for (const step of steps) {
        if (step === "release") {
          for (const ordered of pacer.release()) lineUp(ordered, gone)
          assert.isTrue(pacer.isEmpty())
          due = 0
        } else if (step === "release one") {
          const [first] = streams
          for (const ordered of pacer.release(new Set([first?.name ?? ""]))) lineUp(ordered, gone)
          assert.strictEqual(pacer.waiting(first?.name), 0)
        } else if (step === "next") {
          const waiting = pacer.waiting()
          const slice = pacer.next()
          const most = Math.max(SLICE, Math.ceil(waiting / PARTS))
          assert.isAtMost(slice.events.length, most + due)
          due -= Math.max(0, slice.events.length - most)
          assert.strictEqual(pacer.waiting(), waiting - slice.events.length)
          lineUp(slice, gone)
        } else {
          const ordered = orderedOf(step.pass, () => ++id)
          const live = step.isLive ? ordered.events.length : 0
          lineUp(ordered, given)
          const isFree = pacer.isEmpty()
          const crowded = new Set([...streams.keys()].filter((stream) => countOf(ordered, stream) > live + SLICE))
          const passed = pacer.pass(ordered, live)
          if (isFree && crowded.size === 0) assert.strictEqual(passed, ordered)
          for (const stream of streams.keys()) {
            if (!crowded.has(stream)) due += countOf(ordered, stream) - countOf(passed, stream)
          }
          lineUp(passed, gone)
        }
      }
      for (const ordered of pacer.release()) lineUp(ordered, gone)
      assert.strictEqual(pacer.waiting(), 0)
      assert.strictEqual(pacer.bytes(), 0)
      assert.deepStrictEqual(gone, given)
    }
  )

  it("does not hold what comes of others", () => {
    const pacer = Pacer.make()
    assert.lengthOf(
      pacer.pass(
        orderedOf([{ stream: 0, events: 1000, note: "none" }], () => 1),
        0
      ).events,
      0
    )
    const passed = pacer.pass(
      orderedOf(
        [
          { stream: 0, events: 5, note: "none" },
          { stream: 1, events: 5, note: "none" }
        ],
        () => 1
      ),
      10
    )
    assert.strictEqual(countOf(passed, 0), 0)
    assert.strictEqual(countOf(passed, 1), 5)
    assert.strictEqual(pacer.waiting(), 1005)
  })

  it("comes to an end however much is live", () => {
    const pacer = Pacer.make()
    let id = 0
    const came = (events: number) => orderedOf([{ stream: 0, events, note: "none" }], () => ++id)
    pacer.pass(came(1000), 0)
    let slices = 0
    while (!pacer.isEmpty()) {
      pacer.pass(came(700), 700)
      pacer.next()
      assert.isBelow(++slices, 12)
    }
  })

  it("gives every stream its turn", () => {
    const pacer = Pacer.make()
    let id = 0
    for (const stream of [0, 1]) {
      pacer.pass(
        orderedOf([{ stream, events: 300, note: "none" }], () => ++id),
        0
      )
    }
    const turns = Array.from({ length: 4 }, () => pacer.next())
    assert.deepStrictEqual(
      turns.map((slice) => [countOf(slice, 0), countOf(slice, 1)]),
      [
        [100, 0],
        [0, 100],
        [100, 0],
        [0, 100]
      ]
    )
  })
})
