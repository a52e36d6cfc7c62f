import { assert, describe, it } from "@effect/vitest"
import * as Latencies from "../../bench/observer/Latencies.ts"
import { median, ratio, spread } from "../../bench/report/statistics.ts"

describe("percentiles", () => {
  it("are values that were measured", () => {
    const hundred = Uint32Array.from({ length: 100 }, (_, index) => index + 1)
    assert.deepStrictEqual(Latencies.summarise(hundred.toReversed()), {
      count: 100,
      p50: 50,
      p99: 99,
      p999: 100,
      max: 100
    })
  })

  it("of one value are that value", () => {
    assert.strictEqual(Latencies.percentile([7], 0.999), 7)
    assert.strictEqual(Latencies.percentile([7], 0), 7)
  })

  it("of nothing are no number", () => {
    assert.isNaN(Latencies.summarise(new Uint32Array()).p50)
  })
})

describe("latencies", () => {
  it("are those of the records sent within the time, without a symbol's", () => {
    const latencies = Latencies.make()
    // More than it has room for at first.
    for (let sentAt = 0; sentAt < 100_000; sentAt++)
      latencies.add(sentAt % 2, sentAt, sentAt + (sentAt % 2 === 0 ? 5 : 500))
    assert.deepInclude(latencies.between(80_000, 90_000, 1), { count: 5000, p50: 5, max: 5 })
    assert.deepInclude(latencies.between(80_000, 90_000, undefined), { count: 10_000, p99: 500 })
  })

  it("are never below nothing, whatever the clock does", () => {
    const latencies = Latencies.make()
    latencies.add(0, 1000, 998)
    assert.strictEqual(latencies.between(0, 2000, undefined).max, 0)
  })
})

describe("spreads and ratios", () => {
  it("have the middle of an odd and of an even number", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 2, 3]), 2.5)
    assert.isNaN(median([]))
  })

  it("compare what was measured in the same round", () => {
    const ours = new Map([
      [1, 10],
      [2, 30],
      [3, 90]
    ])
    const theirs = new Map([
      [2, 10],
      [3, 10],
      [4, 1]
    ])
    assert.deepStrictEqual(ratio(ours, theirs), { median: 6, min: 3, max: 9, rounds: 2 })
    assert.isUndefined(ratio(ours, new Map()))
    assert.deepStrictEqual(spread([2]), { median: 2, min: 2, max: 2, rounds: 1 })
  })
})
