import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { wholeMultiple, wholeSecond } from "../../src/pipeline/wholeSecond.ts"

describe("wholeMultiple", () => {
  it.effect.each<readonly [at: number, interval: number, slept: number]>([
    [0, 1000, 1000],
    [1, 1000, 999],
    [994, 1000, 6],
    [995, 1000, 5],
    // A timer that was early: this second has had its turn.
    [996, 1000, 1004],
    [999, 1000, 1001],
    [5999, 2000, 2001],
    [3, 4, 1 + 4],
    [2, 4, 2]
  ])("at %d ms sleeps to the next multiple of %d ms: %d", ([at, interval, slept]) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at)
      const fiber = yield* Effect.forkChild(wholeMultiple(Duration.millis(interval)), { startImmediately: true })
      yield* TestClock.adjust(slept - 1)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(Duration.toMillis(yield* Fiber.join(fiber)), slept)
    })
  )

  it.effect("wakes once a second, however often it is used", () =>
    Effect.gen(function* () {
      const wakings: Array<number> = []
      const wake = Effect.andThen(
        wholeSecond,
        Effect.map(Clock.currentTimeMillis, (now) => void wakings.push(now))
      )
      yield* TestClock.setTime(300)
      yield* Effect.forkChild(Effect.forever(wake))
      yield* TestClock.adjust("2500 millis")
      assert.deepStrictEqual(wakings, [1000, 2000])
    })
  )
})
