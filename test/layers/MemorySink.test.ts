import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink, SinkError } from "../../src/services/EventSink.ts"

const record = (key: string): SinkRecord => ({ topic: "t", key, value: Buffer.from("{}"), timestamp: 0, headers: {} })
const keys = (records: ReadonlyArray<SinkRecord>) => records.map(({ key }) => key)

describe("MemorySink", () => {
  it.effect("keeps what is published, in order and in batches", () =>
    Effect.gen(function* () {
      const sink = yield* EventSink
      const log = yield* MemorySink.MemoryLog
      yield* sink.publish([record("a"), record("b")])
      yield* sink.publish([record("c")])
      yield* sink.flush
      assert.strictEqual(yield* sink.pending, 0)
      assert.deepStrictEqual(keys(yield* log.records), ["a", "b", "c"])
      assert.deepStrictEqual((yield* log.batches).map(keys), [["a", "b"], ["c"]])
    }).pipe(Effect.provide(MemorySink.layer))
  )

  it.effect("wakes who waits for a number of records", () =>
    Effect.gen(function* () {
      const sink = yield* EventSink
      const log = yield* MemorySink.MemoryLog
      const waiting = yield* Effect.forkChild(log.until(2), { startImmediately: true })
      yield* sink.publish([record("a")])
      assert.isUndefined(waiting.pollUnsafe())
      yield* sink.publish([record("b")])
      assert.deepStrictEqual(keys(yield* Fiber.join(waiting)), ["a", "b"])
      assert.deepStrictEqual(keys(yield* log.until(1)), ["a", "b"])
    }).pipe(Effect.provide(MemorySink.layer))
  )

  it.effect("makes publish wait while it is paused, and keeps the order", () =>
    Effect.gen(function* () {
      const sink = yield* EventSink
      const log = yield* MemorySink.MemoryLog
      yield* log.pause
      const fibers = yield* Effect.forEach(["a", "b", "c"], (key) =>
        Effect.forkChild(sink.publish([record(key)]), { startImmediately: true })
      )
      yield* Effect.yieldNow
      assert.deepStrictEqual(yield* log.records, [])
      yield* log.resume
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(keys(yield* log.records), ["a", "b", "c"])
    }).pipe(Effect.provide(MemorySink.layer))
  )

  it.effect("fails one publish on demand and stores nothing of it", () =>
    Effect.gen(function* () {
      const sink = yield* EventSink
      const log = yield* MemorySink.MemoryLog
      yield* log.failNext(new SinkError({ message: "broken" }))
      assert.strictEqual((yield* Effect.flip(sink.publish([record("a")]))).message, "broken")
      yield* sink.publish([record("b")])
      assert.deepStrictEqual(keys(yield* log.records), ["b"])
    }).pipe(Effect.provide(MemorySink.layer))
  )
})
