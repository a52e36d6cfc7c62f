import { setImmediate } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Lane from "../../src/pipeline/Lane.ts"
import { estimatedBytes } from "../../src/pipeline/recordSize.ts"
import type { Acks } from "../../src/schema/Settings.ts"
import { KafkaErrorKind } from "../../src/services/KafkaDriver.ts"

interface Item {
  readonly n: number
  readonly id: string
  readonly bytes: number
  readonly bad: boolean
}

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
const Small = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8 }))
const Jitter = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.999 }))

/** What happens next; an answer with nothing in flight is left out. */
const Event = Schema.Union([
  Schema.Struct({ offer: Schema.Array(Schema.Struct({ bytes: Byte, bad: Schema.Boolean })) }),
  Schema.Struct({ answer: Schema.Union([Schema.Literal("stored"), KafkaErrorKind]), jitter: Jitter })
])

const Events = Arbitrary.array(Arbitrary.schema(Event), { minLength: 10, maxLength: 80 })

const options = (acks: Acks = "0", limit = 1e9): Lane.Options => ({ acks, keeping: { limit, bytes: 0 } })

/** That never reads. */
const make = (limits: Lane.Limits) => Lane.make<Item>(limits, options())

const run = (limits: Lane.Limits, events: ReadonlyArray<typeof Event.Type>) => {
  const lane = make(limits)
  const offered: Array<Item> = []
  const stored: Array<Item> = []
  const refused: Array<Item> = []
  let inFlight: ReadonlyArray<Item> | undefined
  /** A batch that failed and was not refused: the next one must equal it. */
  let repeated: ReadonlyArray<Item> | undefined

  const advance = () => {
    let next = lane.next()
    if (next._tag === "Wait") {
      assert.isAtLeast(next.millis, 0)
      assert.isAtMost(next.millis, 5000)
      next = lane.next()
    }
    assert.notStrictEqual(next._tag, "Wait", "one wait a failure")
    if (next._tag !== "Send") return
    assert.isUndefined(inFlight, "two in flight")
    assert.isNotEmpty(next.batch)
    assert.isAtMost(next.batch.length, limits.records)
    if (next.batch.length > 1) {
      assert.isAtMost(
        next.batch.reduce((sum, item) => sum + item.bytes, 0),
        limits.bytes
      )
    }
    if (repeated !== undefined) assert.deepStrictEqual(next.batch, repeated)
    inFlight = next.batch
  }

  const answer = (outcome: "stored" | typeof KafkaErrorKind.Type, jitter: number) => {
    if (inFlight === undefined) return
    // A broker refuses a batch exactly when it holds a bad record.
    const bad = inFlight.some((item) => item.bad)
    const kind = outcome === "stored" || outcome === "Refused" ? (bad ? "Refused" : "stored") : outcome
    repeated = kind === "stored" || kind === "Refused" ? undefined : inFlight
    inFlight = undefined
    if (kind === "stored") stored.push(...lane.acknowledged(-1).stored)
    else {
      const item = lane.failed(kind, jitter)
      if (item !== undefined) refused.push(item)
    }
  }

  for (const event of events) {
    if ("offer" in event) {
      for (const item of event.offer) {
        offered.push({ n: offered.length, id: `id${offered.length}`, ...item })
        lane.offer(offered[offered.length - 1]!)
      }
    } else answer(event.answer, event.jitter)
    advance()
    assert.strictEqual(lane.isAtRest(), offered.length === stored.length + refused.length)
  }
  return { lane, offered, stored, refused, advance, answer, inFlight: () => inFlight }
}

const limitsOf = ([records, bytes]: readonly [number, number]): Lane.Limits => ({ records, bytes })
const item = (n: number, bytes = 1): Item => ({ n, id: `id${n}`, bytes, bad: false })

const send = (lane: Lane.Lane<Item>): ReadonlyArray<number> => {
  const next = lane.next()
  assert.strictEqual(next._tag, "Send")
  return next._tag === "Send" ? next.batch.map(({ n }) => n) : []
}

describe("Lane", () => {
  it.prop(
    "stores what was offered but the refused, in order, each once",
    [Schema.Tuple([Small, Byte]), Events],
    ([limits, events]) => {
      const { advance, answer, inFlight, offered, refused, stored } = run(limitsOf(limits), events)
      advance()
      while (inFlight() !== undefined) {
        answer("stored", 0)
        advance()
      }
      assert.deepStrictEqual(
        stored,
        offered.filter(({ bad }) => !bad)
      )
      assert.deepStrictEqual(
        refused,
        offered.filter(({ bad }) => bad)
      )
    }
  )

  it.prop(
    "gives out all that is not stored, in order, when released",
    [Schema.Tuple([Small, Byte]), Events],
    ([limits, events]) => {
      const { lane, offered, refused, stored } = run(limitsOf(limits), events)
      const done = new Set([...stored, ...refused])
      assert.deepStrictEqual(
        lane.release(),
        offered.filter((item) => !done.has(item))
      )
      assert.strictEqual(lane.next()._tag, "Idle")
    }
  )

  it.prop(
    "recalls what was never sent, and sends what was before anything offered then",
    [Schema.Tuple([Small, Byte]), Events],
    ([limits, events]) => {
      const { advance, answer, inFlight, lane, offered, refused, stored } = run(limitsOf(limits), events)
      const done = new Set([...stored, ...refused])
      const { tried, untried } = lane.recall()
      assert.deepStrictEqual(
        [...tried, ...untried],
        offered.filter((item) => !done.has(item))
      )
      const later = { n: offered.length, id: `${offered.length}`, bytes: 1, bad: false }
      lane.offer(later)
      advance()
      while (inFlight() !== undefined) {
        answer("stored", 0)
        advance()
      }
      const recalled = new Set(untried)
      assert.deepStrictEqual(
        stored,
        [...offered, later].filter((item) => !item.bad && !recalled.has(item))
      )
    }
  )

  it("fills a batch to its bounds and sends a larger item alone", () => {
    const lane = make({ records: 3, bytes: 10 })
    ;[item(0, 4), item(1, 6), item(2, 1), item(3, 11), item(4), item(5), item(6), item(7)].forEach(lane.offer)
    const batches: Array<ReadonlyArray<number>> = []
    for (let n = 0; n < 5; n++) {
      batches.push(send(lane))
      lane.acknowledged(-1)
    }
    assert.deepStrictEqual(batches, [[0, 1], [2], [3], [4, 5, 6], [7]])
    assert.strictEqual(lane.next()._tag, "Idle")
  })

  it("lets the next batch grow while one is in flight", () => {
    const lane = make({ records: 10, bytes: 100 })
    lane.offer(item(0))
    assert.deepStrictEqual(send(lane), [0])
    lane.offer(item(1))
    assert.strictEqual(lane.next()._tag, "Idle")
    lane.offer(item(2))
    assert.strictEqual(lane.next()._tag, "Idle")
    lane.acknowledged(-1)
    assert.deepStrictEqual(send(lane), [1, 2])
  })

  it("halves a refused batch down to the record at fault, before anything newer", () => {
    const lane = make({ records: 4, bytes: 100 })
    for (let id = 0; id < 6; id++) lane.offer(item(id))
    const trace: Array<string> = []
    for (let next = lane.next(); next._tag === "Send"; next = lane.next()) {
      const ids = next.batch.map(({ n }) => n)
      if (!ids.includes(2)) {
        trace.push(`${ids} stored`)
        lane.acknowledged(-1)
      } else {
        const refused = lane.failed("Refused", 0.5)
        trace.push(refused === undefined ? `${ids} halved` : `${refused.n} refused`)
      }
    }
    assert.deepStrictEqual(trace, ["0,1,2,3 halved", "0,1 stored", "2,3 halved", "2 refused", "3 stored", "4,5 stored"])
  })

  it("waits longer after every failure, up to a bound, and anew after an answer", () => {
    const lane = make({ records: 1, bytes: 100 })
    lane.offer(item(0))
    lane.offer(item(1))
    const waits: Array<number> = []
    for (let n = 0; n < 8; n++) {
      send(lane)
      lane.failed("Unreachable", 0.5)
      const next = lane.next()
      if (next._tag === "Wait") waits.push(next.millis)
    }
    assert.deepStrictEqual(waits, [50, 100, 200, 400, 800, 1600, 2500, 2500])
    send(lane)
    lane.acknowledged(-1)
    send(lane)
    lane.failed("Busy", 0.5)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 50 })
  })

  it("repeats at once when the leader has moved, the second time after a wait", () => {
    const lane = make({ records: 1, bytes: 100 })
    lane.offer(item(0))
    send(lane)
    lane.failed("Moved", 0.5)
    send(lane)
    lane.failed("Moved", 0.5)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 100 })
  })

  it("holds two hundred thousand items without copying them at every step", () => {
    const lane = make({ records: 1, bytes: 100 })
    const count = 200_000
    for (let id = 0; id < count; id++) lane.offer(item(id))
    let stored = 0
    // Copied at every step this would move 2 * 10^10 items and run into the test's time limit.
    for (let next = lane.next(); next._tag === "Send"; next = lane.next()) stored += lane.acknowledged(-1).stored.length
    assert.strictEqual(stored, count)
  })

  it("lets go of what is stored, though more waits", async () => {
    setFlagsFromString("--expose-gc")
    const collect: unknown = runInNewContext("gc")
    assert(typeof collect === "function")
    const lane = make({ records: 10, bytes: 1e6 })
    for (let id = 0; id < 100; id++) lane.offer(item(id))
    const sent = () => {
      const next = lane.next()
      assert(next._tag === "Send")
      return next.batch.map((item) => new WeakRef(item))
    }
    const stored = sent()
    lane.acknowledged(-1)
    // A weak reference holds what it gave out until the turn is over.
    await setImmediate()
    collect()
    assert.deepStrictEqual(
      stored.map((item) => item.deref()),
      stored.map(() => undefined)
    )
  })
})

describe("estimatedBytes", () => {
  it("counts the value, the key and every header", () => {
    const record = { topic: "t", key: "", value: new Uint8Array(100), timestamp: 0, headers: {} }
    const plain = estimatedBytes(record)
    assert.isAbove(plain, 100)
    assert.strictEqual(estimatedBytes({ ...record, value: new Uint8Array(150) }) - plain, 50)
    assert.strictEqual(estimatedBytes({ ...record, key: "柴" }) - plain, 3)
    assert.isAtLeast(estimatedBytes({ ...record, headers: { "event-id": "1234" } }) - plain, 12)
  })
})
