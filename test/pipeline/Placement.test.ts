import { assert, describe, it } from "@effect/vitest"
import { partitionOf } from "../../src/pipeline/murmur2.ts"
import * as Placement from "../../src/pipeline/Placement.ts"

const KEYS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"]

/** Each key's records: before `grownAt` where `before` partitions put them, then where `now` do. */
const placements = (before: number, now: number, grownAt: number) =>
  KEYS.map((key) => {
    const placement = Placement.make(now)
    for (let timestamp = 0; timestamp < 10; timestamp++) {
      placement.add({ key, timestamp, partition: partitionOf(key, timestamp < grownAt ? before : now) })
    }
    return placement
  })

const misplaced = (all: ReadonlyArray<Placement.Placement>) => all.reduce((sum, one) => sum + one.misplaced(), 0)

describe("Placement", () => {
  it("finds nothing where all records stand where their keys belong", () => {
    const all = placements(6, 6, 0)
    assert.strictEqual(misplaced(all), 0)
    assert.isUndefined(Placement.partitionsBefore(all))
  })

  it("judges nothing without a number of partitions", () => {
    const placement = Placement.make(undefined)
    placement.add({ key: "BTCUSDT", timestamp: 0, partition: 99 })
    assert.strictEqual(placement.misplaced(), 0)
  })

  it("recognises a topic that has grown", () => {
    for (const [before, now] of [
      [1, 6],
      [3, 6],
      [6, 12]
    ] as const) {
      const all = placements(before, now, 5)
      assert.isAbove(misplaced(all), 0)
      assert.strictEqual(Placement.partitionsBefore(all), before)
    }
  })

  it("does not take a stray record for growth", () => {
    for (const timestamp of [5, 10]) {
      const all = placements(6, 6, 0)
      const key = KEYS[0]!
      all[0]!.add({ key, timestamp, partition: (partitionOf(key, 6) + 1) % 6 })
      assert.strictEqual(misplaced(all), 1)
      assert.isUndefined(Placement.partitionsBefore(all))
    }
  })

  it("does not take another partitioner for growth", () => {
    const all = KEYS.map((key, index) => {
      const placement = Placement.make(6)
      placement.add({ key, timestamp: 0, partition: index })
      return placement
    })
    assert.isUndefined(Placement.partitionsBefore(all))
  })
})
