import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Metric } from "effect"
import * as PromiseSink from "../../src/layers/PromiseSink.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { blankRecords } from "../support/blankRecords.ts"

const open = (store: PromiseSink.Store) =>
  Effect.map(Layer.build(PromiseSink.layer(store).pipe(Layer.provide(HealthProbe.layer))), Context.get(EventSink))

describe("PromiseSink", () => {
  it.effect("stores a batch when the function's promise resolves, not before", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const run = Effect.runPromiseWith(yield* Effect.context<never>())
      const taken: Array<number> = []
      const sink = yield* open(async (records) => {
        taken.push(records.length)
        await run(Deferred.await(gate))
      })
      const before = (yield* Metric.value(Telemetry.recordsStored)).count
      const storedSince = Effect.map(
        Metric.value(Telemetry.recordsStored),
        ({ count }) => Number(count) - Number(before)
      )
      const publishing = yield* Effect.forkChild(sink.publish(blankRecords(3)), { startImmediately: true })
      assert.deepStrictEqual(taken, [3])
      assert.isUndefined(publishing.pollUnsafe())
      assert.strictEqual(yield* storedSince, 0)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(publishing)
      assert.strictEqual(yield* storedSince, 3)
      // Whoever has published knows that it is stored.
      assert.strictEqual(yield* sink.pending, 0)
      yield* sink.flush
    })
  )

  it.effect("fails with what the function says", () =>
    Effect.gen(function* () {
      const sink = yield* open(() => Promise.reject(new Error("no room")))
      const error = yield* Effect.flip(sink.publish(blankRecords(1)))
      assert.match(error.message, /the sink's function failed: Error: no room/)
    })
  )
})
