import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { TestClock } from "effect/testing"
import { RestError } from "../../../../src/layers/binance/rest/RestError.ts"
import * as Silence from "../../../../src/layers/binance/rest/Silence.ts"
import * as LogProbe from "../../../support/logProbe.ts"

const where = "BINANCE_REST_URL=https://api.binance.com answered with status 503"
const failed = Effect.fail(new RestError({ kind: "failed", message: where }))
const throttled = Effect.fail(new RestError({ kind: "throttled", message: "status 429" }))
const rejected = Effect.fail(new RestError({ kind: "rejected", message: "status 400" }))

describe("Silence", () => {
  it.effect("tells of a history that has failed for some seconds, once until it answers", () =>
    Effect.gen(function* () {
      const probe = yield* LogProbe.make
      const { watch } = Silence.make()
      const ask = (attempt: Effect.Effect<void, RestError>) =>
        Effect.ignore(Effect.provide(watch(attempt), probe.layer))
      const said = Effect.map(Queue.clear(probe.events), (lines) =>
        lines.map(({ annotations }) => annotations["reason"])
      )
      yield* ask(failed)
      yield* TestClock.adjust("2 seconds")
      yield* ask(failed)
      assert.deepStrictEqual(yield* said, [])
      yield* TestClock.adjust("2 seconds")
      yield* ask(failed)
      yield* ask(failed)
      assert.deepStrictEqual(yield* said, [where])

      // An answer, if only a no, begins it anew.
      for (const answer of [Effect.void, rejected]) {
        yield* ask(answer)
        yield* ask(failed)
        assert.deepStrictEqual(yield* said, [])
        yield* TestClock.adjust("4 seconds")
        yield* ask(failed)
        assert.deepStrictEqual(yield* said, [where])
      }
    })
  )

  it.effect("counts the time that a failed attempt took, and leaves to others what is not allowed", () =>
    Effect.gen(function* () {
      const probe = yield* LogProbe.make
      const { watch } = Silence.make()
      yield* Effect.forkChild(Effect.provide(Effect.ignore(watch(Effect.delay(throttled, "10 seconds"))), probe.layer))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Queue.clear(probe.events), [])
      yield* Effect.forkChild(Effect.provide(Effect.ignore(watch(Effect.delay(failed, "10 seconds"))), probe.layer))
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(yield* Queue.clear(probe.events), 1)
    })
  )
})
