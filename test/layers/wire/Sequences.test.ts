import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Link } from "../../../src/layers/wire/Link.ts"
import * as Sequences from "../../../src/layers/wire/Sequences.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { blankRecords } from "../../support/blankRecords.ts"

const STORED = 0
const NOT_LEADER = 6
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45
const DUPLICATE_SEQUENCE_NUMBER = 46
const COORDINATOR_LOAD_IN_PROGRESS = 14
const CLUSTER_AUTHORIZATION_FAILED = 31

/** A broker that gives out producer ids 1, 2, 3, …, or only the error codes that it is told to. */
const makeCluster = (codes: Array<number> = []) => {
  let given = 0
  const link = {
    ask: () =>
      Effect.map(Effect.yieldNow, () => {
        const errorCode = codes.shift() ?? 0
        return { errorCode, producerId: errorCode === 0 ? BigInt(++given) : -1n, producerEpoch: 0 }
      })
  } as unknown as Link
  return { cluster: { any: Effect.succeed(link) }, given: () => given }
}

describe("Sequences", () => {
  it.effect("counts the records that are stored, each partition by itself", () =>
    Effect.gen(function* () {
      const sequences = yield* Sequences.make(makeCluster().cluster)
      assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(5)), { producerId: 1n, firstSequence: 0 })
      sequences.answered("t", 0, STORED)
      assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(2)), { producerId: 1n, firstSequence: 5 })
      assert.deepInclude(yield* sequences.begin("t", 1, blankRecords(2)), { producerId: 1n, firstSequence: 0 })
      sequences.answered("t", 0, STORED)
      assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(1)), { producerId: 1n, firstSequence: 7 })
    })
  )

  it.effect("repeats a batch under its numbers, whatever array holds it", () =>
    Effect.gen(function* () {
      const sequences = yield* Sequences.make(makeCluster().cluster)
      yield* sequences.begin("t", 0, blankRecords(3))
      sequences.answered("t", 0, STORED)
      const doubtful = blankRecords(4)
      const first = yield* sequences.begin("t", 0, doubtful)
      assert.deepStrictEqual(yield* sequences.begin("t", 0, [...doubtful]), first)
      sequences.answered("t", 0, STORED)
      assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(1)), { producerId: 1n, firstSequence: 7 })
    })
  )

  it.effect("takes what the broker knows already for stored, and nothing else that it says", () =>
    Effect.gen(function* () {
      const sequences = yield* Sequences.make(makeCluster().cluster)
      const doubtful = blankRecords(4)
      const first = yield* sequences.begin("t", 0, doubtful)
      assert.isFalse(sequences.answered("t", 0, NOT_LEADER))
      assert.deepStrictEqual(yield* sequences.begin("t", 0, doubtful), first)
      assert.isTrue(sequences.answered("t", 0, DUPLICATE_SEQUENCE_NUMBER))
      assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(1)), { producerId: 1n, firstSequence: 4 })
    })
  )

  it.effect("takes a new producer for another batch than the one in doubt, as long or not", () =>
    Effect.gen(function* () {
      for (const length of [4, 2]) {
        const sequences = yield* Sequences.make(makeCluster().cluster)
        yield* sequences.begin("t", 1, blankRecords(1))
        yield* sequences.begin("t", 0, blankRecords(4))
        assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(length)), { producerId: 2n, firstSequence: 0 })
        sequences.answered("t", 1, STORED)
        assert.deepInclude(yield* sequences.begin("t", 1, blankRecords(1)), { producerId: 1n, firstSequence: 1 })
      }
    })
  )

  it.effect("begins a partition anew with a producer that it never had, and leaves the others theirs", () =>
    Effect.gen(function* () {
      const sequences = yield* Sequences.make(makeCluster().cluster)
      const ids = { 0: new Set<bigint>(), 1: new Set<bigint>() }
      for (const partition of [0, 1, 1, 0, 0, 1] as const) {
        const { producerId } = yield* sequences.begin("t", partition, blankRecords(1))
        assert.isFalse(ids[partition].has(producerId))
        ids[partition].add(producerId)
        sequences.answered("t", partition, OUT_OF_ORDER_SEQUENCE_NUMBER)
      }
    })
  )

  it.effect("begins again at 0 behind the largest number that there is", () =>
    Effect.gen(function* () {
      const sequences = yield* Sequences.make(makeCluster().cluster)
      const huge = { length: 2 ** 31 - 1, every: () => true } as unknown as ReadonlyArray<SinkRecord>
      yield* sequences.begin("t", 0, huge)
      sequences.answered("t", 0, STORED)
      yield* sequences.begin("t", 0, blankRecords(3))
      sequences.answered("t", 0, STORED)
      assert.deepInclude(yield* sequences.begin("t", 0, blankRecords(1)), { firstSequence: 2 })
    })
  )

  it.effect("asks once for all who begin together, and again after a refusal", () =>
    Effect.gen(function* () {
      const { cluster, given } = makeCluster([CLUSTER_AUTHORIZATION_FAILED])
      const sequences = yield* Sequences.make(cluster)
      assert.strictEqual((yield* Effect.flip(sequences.ready)).kind, "Denied")
      yield* Effect.forEach([0, 1, 2, 3], (partition) => sequences.begin("t", partition, blankRecords(1)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(given(), 1)
    })
  )

  it.effect("waits for a broker that is busy", () =>
    Effect.gen(function* () {
      const { cluster, given } = makeCluster([COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_LOAD_IN_PROGRESS])
      const sequences = yield* Sequences.make(cluster)
      const ready = yield* Effect.forkChild(sequences.ready)
      yield* TestClock.adjust("399 millis")
      assert.strictEqual(given(), 0)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(ready)
      assert.strictEqual(given(), 1)
    })
  )

  it.effect("says so when a broker stays busy", () =>
    Effect.gen(function* () {
      const { cluster, given } = makeCluster(Array.from({ length: 100 }, () => COORDINATOR_LOAD_IN_PROGRESS))
      const sequences = yield* Sequences.make(cluster)
      const ready = yield* Effect.forkChild(Effect.flip(sequences.ready))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* Fiber.join(ready)).kind, "Busy")
      assert.strictEqual(given(), 0)
    })
  )
})
