import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import * as Backoff from "../../../src/layers/binance/Backoff.ts"

/** The longest delays that the jitter allows: what `Random` would give at its upper end. */
const longest = { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 1 }

const delaysOf = (backoff: Backoff.Backoff) => () => Effect.map(backoff.failed, Duration.toMillis)

describe("Backoff", () => {
  it.effect("doubles from one second up to the longest wait", () =>
    Effect.gen(function* () {
      const next = delaysOf(Backoff.make(Duration.seconds(10)))
      const delays: Array<number> = []
      for (let n = 0; n < 6; n++) delays.push(yield* next())
      assert.deepStrictEqual(delays, [1000, 2000, 4000, 8000, 10_000, 10_000])
    }).pipe(Effect.provideService(Random.Random, longest))
  )

  it.effect("spreads its waits over the whole range", () =>
    Effect.gen(function* () {
      const next = delaysOf(Backoff.make(Duration.seconds(60)))
      const delays: Array<number> = []
      for (let n = 0; n < 200; n++) delays.push(yield* next())
      const late = delays.slice(10)
      assert.isBelow(Math.min(...late), 6000)
      assert.isAbove(Math.max(...late), 54_000)
      assert.isAtMost(Math.max(...late), 60_000)
    }).pipe(Random.withSeed("jitter"))
  )

  it.effect("forgets its failures only after data has flowed for a while", () =>
    Effect.gen(function* () {
      const backoff = Backoff.make(Duration.seconds(60))
      const next = delaysOf(backoff)
      for (let n = 0; n < 3; n++) yield* next()
      yield* backoff.dataFlows
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(yield* next(), 8000)
      yield* backoff.dataFlows
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* next(), 1000)
      assert.strictEqual(yield* next(), 2000)
    }).pipe(Effect.provideService(Random.Random, longest))
  )
})
