import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as Budget from "../../../../src/layers/binance/rest/Budget.ts"
import * as LogProbe from "../../../support/logProbe.ts"

/** A request that is answered at once, and that the exchange has counted so. */
const answered = (used?: number) => Effect.succeed({ usedWeight: Option.fromNullishOr(used) })

/** Whether a request of this weight may be made now. */
const mayGo = (budget: Budget.Budget, weight: number) =>
  Effect.map(Effect.timeoutOption(budget.spend(weight, answered()), 0), Option.isSome)

describe("the budget of request weight", () => {
  it.effect("lets its share be used up in a minute, then waits for the next one", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("90 seconds")
      const budget = Budget.make(0.5, 6000)
      for (let n = 0; n < 120; n++) yield* budget.spend(25, answered())
      const next = yield* Effect.forkChild(budget.spend(4, answered()))
      yield* TestClock.adjust("29999 millis")
      assert.isUndefined(next.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(next)
    })
  )

  it.effect("counts in what other programs behind the address use up", () =>
    Effect.gen(function* () {
      const budget = Budget.make(0.5, 6000)
      yield* budget.spend(4, answered(2990))
      yield* budget.spend(4, answered(2994))
      const next = yield* Effect.forkChild(budget.spend(25, answered(25)))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(next.pollUnsafe())
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.join(next)
    })
  )

  it.effect("counts in what is under way, and forgets it when it is interrupted", () =>
    Effect.gen(function* () {
      const budget = Budget.make(0.01, 6000)
      const first = yield* Effect.forkChild(budget.spend(40, Effect.never))
      yield* TestClock.adjust(0)
      assert.isFalse(yield* mayGo(budget, 25))
      yield* Fiber.interrupt(first)
      assert.isTrue(yield* mayGo(budget, 25))
    })
  )

  it.effect("stops waiting when it is interrupted", () =>
    Effect.gen(function* () {
      const budget = Budget.make(1, 6000)
      yield* budget.pause(429, Option.some(1000))
      const waiting = yield* Effect.forkChild(budget.spend(1, answered()))
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(waiting)
      assert.isDefined(waiting.pollUnsafe())
    })
  )

  it.effect("makes one request a minute where the share is less than its weight", () =>
    Effect.gen(function* () {
      const budget = Budget.make(0.001, 6000)
      yield* budget.spend(25, answered())
      const next = yield* Effect.forkChild(budget.spend(25, answered()))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(next.pollUnsafe())
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.join(next)
    })
  )

  it.effect("knows what the exchange allows once it has said so", () =>
    Effect.gen(function* () {
      const budget = Budget.make(0.5, 6000)
      budget.allow(100)
      yield* budget.spend(40, answered())
      assert.isFalse(yield* mayGo(budget, 11))
      assert.isTrue(yield* mayGo(budget, 10))
    })
  )

  it.effect("takes nothing that was asked in the minute before for this minute's", () =>
    Effect.gen(function* () {
      const budget = Budget.make(0.5, 6000)
      const slow = yield* Effect.forkChild(budget.spend(4, Effect.delay(answered(3000), "70 seconds")))
      yield* TestClock.adjust("61 seconds")
      yield* budget.spend(4, answered(4))
      yield* TestClock.adjust("9 seconds")
      yield* Fiber.join(slow)
      assert.isTrue(yield* mayGo(budget, 25))
    })
  )

  for (const [status, asked, seconds, wait, level] of [
    [429, 7, 7, "7s", "Warn"],
    [429, undefined, 60, "1m", "Warn"],
    [418, 300, 300, "5m", "Error"],
    [418, undefined, 120, "2m", "Error"]
  ] as const) {
    it.effect(`pauses for everybody after ${status}, ${asked ?? "it is not said how many"} seconds`, () =>
      Effect.gen(function* () {
        const { events, layer } = yield* LogProbe.make
        const budget = Budget.make(1, 6000)
        // Two that were under way together.
        const pause = Effect.provide(budget.pause(status, Option.fromNullishOr(asked)), layer)
        yield* pause
        yield* pause
        const waiting = yield* Effect.forEach([1, 25], (weight) => Effect.forkChild(budget.spend(weight, answered())))
        yield* TestClock.adjust(seconds * 1000 - 1)
        for (const fiber of waiting) assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        yield* Effect.forEach(waiting, Fiber.join)
        const logged = yield* Queue.take(events)
        assert.deepStrictEqual([logged.level, logged.annotations], [level, { wait }])
        assert.strictEqual(logged.message.includes("REST_WEIGHT_SHARE"), status === 418)
        assert.strictEqual(yield* Queue.size(events), 0)
      })
    )
  }

  it.effect("never cuts a longer pause short", () =>
    Effect.gen(function* () {
      const budget = Budget.make(1, 6000)
      yield* budget.pause(418, Option.some(300))
      yield* budget.pause(429, Option.some(1))
      const waiting = yield* Effect.forkChild(budget.spend(1, answered()))
      yield* TestClock.adjust("299 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.join(waiting)
    })
  )
})
