/** What the lane makes of a partition that it can read: against a model of one that loses, doubts and is late. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Lane from "../../src/pipeline/Lane.ts"

interface Item {
  readonly id: string
  readonly bytes: number
  readonly bad: boolean
}

const Small = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 }))

/** How a send ends; `late`: stored after its answer did not come, by the time that the partition has been read. */
const Outcome = Schema.Literals(["stored", "doubt-stored", "doubt-late", "doubt-lost", "Unreachable", "Moved", "Busy"])

const Event = Schema.Union([
  Schema.Struct({ offer: Schema.Array(Schema.Struct({ bytes: Small, bad: Schema.Boolean })) }),
  Schema.Struct({ send: Outcome }),
  /** Takes so many of the records that the replicas do not have; `told`: the send in flight fails of it. */
  Schema.Struct({ failover: Small, told: Schema.Literals(["Moved", "Unreachable", "Doubt"]) }),
  Schema.Struct({ replicate: Small }),
  Schema.Struct({ unread: Schema.Boolean }),
  Schema.Struct({ foreign: Schema.Boolean }),
  Schema.Struct({ release: Schema.Boolean })
])

const Events = Arbitrary.array(Arbitrary.schema(Event), { minLength: 10, maxLength: 80 })
const Limits = Schema.Tuple([Small, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))])

const FOREIGN = "foreign"

const run = (limits: Lane.Limits, events: ReadonlyArray<typeof Event.Type>, limit: number) => {
  const keeping: Lane.Keeping = { limit, bytes: 0 }
  const lane = Lane.make<Item>(limits, { acks: "1", keeping })
  /** What the leader has; its replicas have all below `safe`. */
  const log: Array<string> = []
  let safe = 0
  /** Without an answer, and not stored yet. */
  let late: ReadonlyArray<Item> = []
  const offered: Array<Item> = []
  const stored: Array<Item> = []
  const refused: Array<Item> = []
  const lost: Array<string> = []
  let inFlight: ReadonlyArray<Item> | undefined
  let unreadable = false
  let jumps = 0
  let foreign = 0

  const append = (batch: ReadonlyArray<Item>): number => {
    const offset = log.length
    log.push(...batch.map(({ id }) => id))
    return offset
  }

  const advance = () => {
    for (let turns = 0; ; turns++) {
      assert.isBelow(turns, 20, "it does not come to rest")
      const next = lane.next()
      if (next._tag === "Idle") return
      if (next._tag === "Send") {
        assert.isUndefined(inFlight, "two in flight")
        assert.isAtMost(next.batch.length, limits.records)
        inFlight = next.batch
        return
      }
      if (next._tag === "Wait") continue
      if (unreadable) {
        unreadable = false
        lane.unread(0.5)
        continue
      }
      if (next.from === undefined) {
        assert.isEmpty(stored)
      } else if (next.doubted.some((id) => !log.includes(id))) append(late)
      late = []
      // Read once the replicas have it all.
      safe = log.length
      const found = lane.read(next.from === undefined ? [] : log.slice(next.from), log.length)
      assert.isUndefined(found.expected, "what the replicas have is not lost")
      stored.push(...found.stored)
      lost.push(...found.lost)
    }
  }

  const send = (outcome: typeof Outcome.Type) => {
    if (inFlight === undefined) return
    const batch = inFlight
    inFlight = undefined
    if ((outcome === "stored" || outcome.startsWith("doubt")) && batch.some(({ bad }) => bad)) {
      const item = lane.failed("Refused", 0.5)
      if (item !== undefined) refused.push(item)
    } else if (outcome === "stored") {
      const { audit, stored: now } = lane.acknowledged(append(batch))
      stored.push(...now)
      assert.notStrictEqual(audit._tag, "Regressed")
      if (audit._tag === "Jumped") {
        jumps++
        assert.isTrue(log.slice(audit.from, audit.to).every((id) => id === FOREIGN))
      }
    } else if (outcome.startsWith("doubt")) {
      if (outcome === "doubt-stored") append(batch)
      if (outcome === "doubt-late") late = batch
      lane.failed("Doubt", 0.5)
    } else if (outcome === "Unreachable" || outcome === "Moved" || outcome === "Busy") lane.failed(outcome, 0.5)
  }

  for (const event of events) {
    if ("offer" in event) {
      for (const item of event.offer) {
        offered.push({ id: `id${offered.length}`, ...item })
        lane.offer(offered[offered.length - 1]!)
      }
    } else if ("send" in event) send(event.send)
    else if ("failover" in event) {
      log.length = Math.max(safe, log.length - event.failover)
      if (inFlight === undefined) lane.suspect()
      else {
        inFlight = undefined
        lane.failed(event.told, 0.5)
      }
    } else if ("replicate" in event) {
      safe = Math.min(log.length, safe + event.replicate)
      lane.confirmed(safe)
    } else if ("unread" in event) unreadable = event.unread
    else if ("foreign" in event) {
      log.push(FOREIGN)
      foreign++
    } else {
      // Its send may still be stored.
      if (inFlight?.every(({ bad }) => !bad) === true && event.release) append(inFlight)
      inFlight = undefined
      for (const item of lane.release()) lane.offer(item)
    }
    advance()
  }
  unreadable = false
  advance()
  const isInFlight = () => inFlight !== undefined
  while (isInFlight()) {
    send("stored")
    advance()
  }
  lane.confirmed(log.length)
  return { lane, keeping, log, offered, stored, refused, lost, jumps }
}

const limitsOf = ([records, bytes]: readonly [number, number]): Lane.Limits => ({ records, bytes })

describe("Lane over a partition that is read", () => {
  it.prop(
    "stores what was offered but the refused, in order, each once, whatever is lost, late or in doubt",
    [Limits, Events],
    ([limits, events]) => {
      const { keeping, lane, log, offered, refused, stored } = run(limitsOf(limits), events, 1e9)
      const good = offered.filter(({ bad }) => !bad)
      assert.deepStrictEqual(
        log.filter((id) => id !== FOREIGN),
        good.map(({ id }) => id)
      )
      assert.sameMembers(stored, good)
      assert.lengthOf(stored, good.length)
      assert.sameMembers(
        refused,
        offered.filter(({ bad }) => bad)
      )
      assert.isFalse(lane.keeps())
      assert.strictEqual(keeping.bytes, 0)
    },
    { arbitrary: { runs: 1000 } }
  )

  it.prop(
    "says what a failover takes of which only the ids were kept",
    [Limits, Events, Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 }))],
    ([limits, events, limit]) => {
      const { keeping, log, lost, offered } = run(limitsOf(limits), events, limit)
      assert.sameMembers(
        [...log.filter((id) => id !== FOREIGN), ...lost],
        offered.filter(({ bad }) => !bad).map(({ id }) => id)
      )
      assert.strictEqual(keeping.bytes, 0)
    },
    { arbitrary: { runs: 500 } }
  )

  const item = (id: string): Item => ({ id, bytes: 1, bad: false })

  /** All that it may keep is stored from this offset on, of which the replicas have nothing yet; one more item waits. */
  const full = (from: number) => {
    const lane = Lane.make<Item>({ records: 100_000, bytes: 1e9 }, { acks: "1", keeping: { limit: 0, bytes: 0 } })
    for (let n = 0; n < 300_001; n++) lane.offer(item("x"))
    lane.next()
    lane.read([], from)
    for (const stored of [0, 100_000, 200_000]) {
      lane.next()
      lane.acknowledged(from + stored)
    }
    return lane
  }

  const open = (acks: "1" | "all" = "1") => {
    const lane = Lane.make<Item>({ records: 2, bytes: 100 }, { acks, keeping: { limit: 100, bytes: 0 } })
    for (const id of ["a", "b", "c", "d", "e"]) lane.offer(item(id))
    return lane
  }
  const sent = (lane: Lane.Lane<Item>) => {
    const next = lane.next()
    return next._tag === "Send" ? next.batch.map(({ id }) => id).join("") : next._tag
  }
  const ids = (items: ReadonlyArray<Item>) => items.map(({ id }) => id).join("")

  it("sees where a partition ends before its first send", () => {
    const lane = open()
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: undefined, doubted: [] })
    lane.read([], 40)
    assert.strictEqual(sent(lane), "ab")
    lane.failed("Doubt", 0)
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 40, doubted: ["a", "b"] })
  })

  it("takes for stored what is found, and drops what waits and is there", () => {
    const lane = open()
    lane.read([], 0)
    assert.strictEqual(sent(lane), "ab")
    lane.failed("Doubt", 0)
    assert.strictEqual(lane.next()._tag, "Read")
    assert.strictEqual(ids(lane.read(["a", "b", "x", "d"], 4).stored), "abd")
    assert.strictEqual(sent(lane), "ce")
    assert.deepStrictEqual(lane.acknowledged(4).audit, { _tag: "Expected" })
  })

  it("does not take for its own what has no id", () => {
    const lane = open()
    lane.read([], 0)
    sent(lane)
    lane.acknowledged(0)
    lane.offer(item(""))
    lane.suspect()
    lane.next()
    assert.strictEqual(ids(lane.read(["a", "b", "", ""], 4).stored), "")
    sent(lane)
    lane.acknowledged(4)
    assert.strictEqual(sent(lane), "e")
  })

  it("sends again first what was acknowledged and is gone, and gives it out once", () => {
    const lane = open()
    lane.read([], 0)
    sent(lane)
    assert.strictEqual(ids(lane.acknowledged(0).stored), "ab")
    lane.confirmed(1)
    sent(lane)
    lane.failed("Moved", 0)
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 0, doubted: [] })
    const found = lane.read(["a"], 1)
    assert.strictEqual(found.again, 1)
    assert.strictEqual(sent(lane), "bc")
    assert.strictEqual(ids(lane.acknowledged(1).stored), "c")
    assert.strictEqual(sent(lane), "d")
  })

  it("reads again after an offset that was taken before", () => {
    const lane = open()
    lane.read([], 10)
    sent(lane)
    lane.acknowledged(10)
    sent(lane)
    assert.deepStrictEqual(lane.acknowledged(10).audit, { _tag: "Regressed", expected: 12 })
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 10, doubted: [] })
    // It has been said already.
    assert.deepInclude(lane.read(["c", "d"], 12), { again: 2 })
    assert.strictEqual(sent(lane), "ab")
  })

  it("says that what was confirmed is gone, where the log ends below it", () => {
    const lane = open()
    lane.read([], 10)
    sent(lane)
    lane.acknowledged(10)
    lane.confirmed(12)
    sent(lane)
    lane.failed("Moved", 0)
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 12, doubted: [] })
    assert.deepStrictEqual(lane.read([], 11), { stored: [], again: 0, lost: [], expected: 12 })
    assert.strictEqual(sent(lane), "cd")
    assert.deepStrictEqual(lane.acknowledged(11).audit, { _tag: "Expected" })
  })

  it("says the same of what was not confirmed yet: what lies below it is gone too", () => {
    const lane = open()
    lane.read([], 10)
    sent(lane)
    lane.acknowledged(10)
    lane.suspect()
    lane.next()
    assert.deepStrictEqual(lane.read([], 7), { stored: [], again: 2, lost: [], expected: 10 })
  })

  it("forgets the doubt of a batch that is stored after all", () => {
    const lane = Lane.make<Item>({ records: 2, bytes: 100 }, { acks: "all", keeping: { limit: 100, bytes: 0 } })
    for (const id of "abcd") lane.offer(item(id))
    lane.read([], 0)
    sent(lane)
    lane.failed("Doubt", 0.5)
    assert.strictEqual(lane.next()._tag, "Wait")
    assert.strictEqual(sent(lane), "ab")
    lane.acknowledged(0)
    assert.strictEqual(sent(lane), "cd")
    lane.failed("Disputed", 0.5)
    assert.strictEqual(lane.next()._tag, "Wait")
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 2, doubted: ["c", "d"] })
  })

  it("sends nothing new while the replicas have nothing of very much, and outlives a failover then", () => {
    const keeping = { limit: 0, bytes: 0 }
    const lane = Lane.make<Item>({ records: 1, bytes: 100 }, { acks: "1", keeping })
    lane.offer(item("x"))
    lane.next()
    lane.read([], 0)
    let offset = 0
    for (; lane.next()._tag === "Send"; lane.offer(item("x"))) lane.acknowledged(offset++)
    assert.strictEqual(offset, 300_000)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 1000, isFull: true })
    lane.suspect()
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 0, doubted: [] })
    assert.lengthOf(lane.read(["x"], 1).lost, 299_999)
    assert.strictEqual(sent(lane), "x")
  })

  it("notices while it waits for replicas that the log is another one", () => {
    const lane = full(7)
    lane.confirmed(7)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 1000, isFull: true })
    lane.confirmed(6)
    assert.isFalse(lane.isAtRest())
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 7, doubted: [] })
    const { expected, lost } = lane.read([], 6)
    assert.strictEqual(expected, 7)
    assert.lengthOf(lost, 300_000)
    assert.strictEqual(sent(lane), "x")
  })

  it("sends again at once what is gone, though nothing newer comes", () => {
    const lane = Lane.make<Item>({ records: 2, bytes: 100 }, { acks: "1", keeping: { limit: 100, bytes: 0 } })
    lane.offer(item("a"))
    lane.next()
    lane.read([], 5)
    sent(lane)
    lane.acknowledged(5)
    assert.isTrue(lane.isAtRest())
    lane.confirmed(4)
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 5, doubted: [] })
    assert.deepInclude(lane.read([], 4), { again: 1, expected: 5 })
    assert.strictEqual(sent(lane), "a")
  })

  it("goes on when the replicas have followed", () => {
    const lane = full(0)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 1000, isFull: true })
    lane.confirmed(100_000)
    assert.strictEqual(sent(lane), "x")
  })

  it("tells of a window that others have written, and drops what waits and is in it", () => {
    const lane = open()
    lane.read([], 10)
    sent(lane)
    assert.deepStrictEqual(lane.acknowledged(13).audit, { _tag: "Jumped", from: 10, to: 13 })
    assert.strictEqual(ids(lane.elsewhere(["c", "x", "e"])), "ce")
    assert.strictEqual(sent(lane), "d")
    assert.deepStrictEqual(lane.acknowledged(15).audit, { _tag: "Expected" })
  })

  it("lets go of what the replicas have, but not by the word of another leader", () => {
    const lane = open()
    lane.read([], 0)
    sent(lane)
    lane.acknowledged(0)
    lane.confirmed(1)
    assert.isTrue(lane.keeps())
    lane.suspect()
    lane.confirmed(2)
    assert.isTrue(lane.keeps())
    lane.read(["a", "b"], 2)
    assert.isFalse(lane.keeps())
  })

  it("waits longer after every reading that fails, and goes on as it is where it may not read", () => {
    const lane = open()
    lane.read([], 0)
    sent(lane)
    lane.failed("Unreachable", 0.5)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 50 })
    assert.strictEqual(lane.next()._tag, "Read")
    lane.unread(0.5)
    assert.deepStrictEqual(lane.next(), { _tag: "Wait", millis: 100 })
    assert.strictEqual(lane.next()._tag, "Read")
    lane.blind()
    assert.strictEqual(sent(lane), "ab")
  })

  it("repeats in doubt without reading with KAFKA_ACKS=all, unless the broker has lost the producer's numbers", () => {
    const lane = open("all")
    lane.read([], 0)
    for (const kind of ["Doubt", "Unreachable", "Moved", "Busy"] as const) {
      assert.strictEqual(sent(lane), "ab")
      lane.failed(kind, 0)
    }
    assert.strictEqual(sent(lane), "ab")
    lane.failed("Disputed", 0)
    assert.deepStrictEqual(lane.next(), { _tag: "Read", from: 0, doubted: ["a", "b"] })
    assert.strictEqual(ids(lane.read(["a", "b"], 2).stored), "ab")
    assert.strictEqual(sent(lane), "cd")
    assert.deepStrictEqual(lane.acknowledged(-1).audit, { _tag: "Expected" })
    assert.isFalse(lane.keeps())
    assert.strictEqual(sent(lane), "e")
    // Where the last batch went is not known.
    assert.deepStrictEqual(lane.acknowledged(9).audit, { _tag: "Expected" })
  })
})
