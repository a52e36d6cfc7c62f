import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import * as Closers from "../../src/pipeline/Closers.ts"
import type { Statement } from "../../src/pipeline/ContinuityRecord.ts"

const note = (type: Statement["type"], from: number, to: number, late = type === "gap-filled"): Statement => ({
  type,
  stream: "btcusdt@trade",
  symbol: "BTCUSDT",
  from,
  to,
  reason: "test",
  late
})

describe("Closers", () => {
  it.effect("says that a gap is filled late once all is stored that was there when it was to be said", () =>
    Effect.gen(function* () {
      const closers = yield* Closers.make
      const stored = yield* Deferred.make<void>()
      const said: Array<Statement> = []
      const some = [note("gap-opened", 1, 9), note("gap-filled", 1, 2), note("gap-filled", 20, 21, false)]
      assert.deepStrictEqual(some.filter(Closers.hasToWait), [note("gap-filled", 1, 2)])
      closers.hold([note("gap-filled", 1, 2)])
      let asked = 0
      const fiber = yield* closers
        .run(
          Effect.suspend(() => (asked++ === 0 ? Deferred.await(stored) : Effect.never)),
          (notes) => Effect.sync(() => void said.push(...notes))
        )
        .pipe(Effect.forkChild)
      yield* Effect.yieldNow
      closers.hold([note("gap-filled", 3, 4)])
      assert.isEmpty(said)
      yield* Deferred.succeed(stored, undefined)
      yield* Effect.repeat(
        Effect.sync(() => asked),
        { until: (times) => times === 2, schedule: Schedule.recurs(100) }
      )
      assert.deepStrictEqual(said, [note("gap-filled", 1, 2)])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(closers.take(), [note("gap-filled", 3, 4)])
      assert.isEmpty(closers.take())
    })
  )

  it.effect("says nothing of what is open again", () =>
    Effect.gen(function* () {
      const closers = yield* Closers.make
      closers.hold([note("gap-filled", 1, 9), note("gap-filled", 10, 19)])
      closers.reopen("btcusdt@trade", { first: 5, last: 6 })
      closers.reopen("btcusdt@trade", { first: 10, last: 19 })
      closers.reopen("ethusdt@trade", { first: 1, last: 9 })
      assert.deepStrictEqual(closers.take(), [note("gap-filled", 1, 4), note("gap-filled", 7, 9)])
    })
  )
})
