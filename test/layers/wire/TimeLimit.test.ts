import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as TimeLimit from "../../../src/layers/wire/TimeLimit.ts"

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  let watchers = 0
  /** How many were told to be late. */
  let late = 0
  const limit = TimeLimit.make({
    limit: Duration.seconds(10),
    fork: (run) =>
      Effect.suspend(() => {
        watchers++
        return Effect.forkIn(run, scope)
      })
  })
  /** A wait that has begun, ended by whoever asked for it. */
  const begin = Effect.gen(function* () {
    const answer = yield* Deferred.make<string, string>()
    const wait = limit.within(
      () => Effect.runPromiseWith(context)(Deferred.await(answer)),
      () => "failed",
      () => {
        late++
        return "late"
      }
    )
    const fiber = yield* Effect.forkChild(Effect.result(wait), { startImmediately: true })
    return { answer, fiber, result: Effect.map(Fiber.join(fiber), (result) => JSON.stringify(result)) }
  })
  return { begin, watchers: () => watchers, late: () => late }
})

const isWaiting = ({ fiber }: { readonly fiber: Fiber.Fiber<unknown> }) => fiber.pollUnsafe() === undefined

describe("TimeLimit", () => {
  it.effect("gives what came, or why nothing did", () =>
    Effect.gen(function* () {
      const { begin } = yield* make
      const [good, bad] = [yield* begin, yield* begin]
      yield* Deferred.succeed(good.answer, "here")
      yield* Deferred.fail(bad.answer, "broken")
      assert.include(yield* good.result, "here")
      assert.include(yield* bad.result, "failed")
    })
  )

  it.effect("ends each at its own time, and not before", () =>
    Effect.gen(function* () {
      const { begin } = yield* make
      const first = yield* begin
      yield* TestClock.adjust("3 seconds")
      const second = yield* begin
      yield* TestClock.adjust("6999 millis")
      assert.isTrue(isWaiting(first))
      yield* TestClock.adjust("1 millis")
      assert.include(yield* first.result, "late")
      yield* TestClock.adjust("2999 millis")
      assert.isTrue(isWaiting(second))
      yield* TestClock.adjust("1 millis")
      assert.include(yield* second.result, "late")
    })
  )

  it.effect("ends all that are due together, each once", () =>
    Effect.gen(function* () {
      const { begin, late } = yield* make
      const waits = yield* Effect.all([begin, begin, begin])
      yield* TestClock.adjust("5 seconds")
      const last = yield* begin
      yield* TestClock.adjust("5 seconds")
      for (const { result } of waits) assert.include(yield* result, "late")
      for (const { answer } of waits) yield* Deferred.succeed(answer, "too late")
      assert.isTrue(isWaiting(last))
      yield* TestClock.adjust("5 seconds")
      assert.include(yield* last.result, "late")
      assert.strictEqual(late(), 4)
    })
  )

  it.effect("calls nothing late that was given up", () =>
    Effect.gen(function* () {
      const { begin, late } = yield* make
      const [given, other] = [yield* begin, yield* begin]
      yield* Fiber.interrupt(given.fiber)
      yield* TestClock.adjust("10 seconds")
      assert.include(yield* other.result, "late")
      assert.strictEqual(late(), 1)
    })
  )

  it.effect("is watched by one fiber for as long as something waits, and by another later", () =>
    Effect.gen(function* () {
      const { begin, watchers } = yield* make
      const waits = yield* Effect.all([begin, begin, begin])
      assert.strictEqual(watchers(), 1)
      for (const { answer } of waits) yield* Deferred.succeed(answer, "here")
      for (const { result } of waits) assert.include(yield* result, "here")
      yield* TestClock.adjust("10 seconds")
      const later = yield* begin
      assert.strictEqual(watchers(), 2)
      yield* TestClock.adjust("10 seconds")
      assert.include(yield* later.result, "late")
    })
  )

  it.effect("goes on watching what begins while another is about to be late", () =>
    Effect.gen(function* () {
      const { begin, watchers } = yield* make
      const first = yield* begin
      yield* TestClock.adjust("9999 millis")
      const second = yield* begin
      yield* TestClock.adjust("1 millis")
      assert.include(yield* first.result, "late")
      yield* TestClock.adjust("9999 millis")
      assert.include(yield* second.result, "late")
      assert.strictEqual(watchers(), 1)
    })
  )
})
