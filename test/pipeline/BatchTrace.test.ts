import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Option, Random } from "effect"
import { TestClock } from "effect/testing"
import * as BatchTrace from "../../src/pipeline/BatchTrace.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { settingsLayer } from "../support/settings.ts"
import * as Spans from "../support/spans.ts"

const record = (n: number, topic = "raw_trades"): SinkRecord => ({
  topic,
  key: "BTCUSDT",
  value: new Uint8Array(),
  timestamp: n,
  headers: { "event-id": String(n) }
})
const records = (from: number, count: number) => Array.from({ length: count }, (_, n) => record(from + n))

const collector = { endpoint: Option.some(new URL("http://127.0.0.1:1")), serviceName: "", ratio: 1 }

const start = (kept: ReturnType<typeof Spans.make>, otel = collector) =>
  BatchTrace.make.pipe(Spans.within(kept), Effect.provide(settingsLayer({ otel })))

const frame = (receivedAt: number) => ({ bytes: new Uint8Array(), receivedAt })

/** A chunk that takes 1 ms to decode, 2 to sequence, 3 to encode, and then makes so many records. */
const chunk = Effect.fnUntraced(function* (trace: BatchTrace.BatchTrace, made: number) {
  const one = trace.chunk([frame(yield* Clock.currentTimeMillis), frame(0)])
  for (const [stage, millis] of [
    ["decode", 1],
    ["sequence", 2],
    ["encode", 3]
  ] as const) {
    yield* TestClock.adjust(millis)
    one.done(stage)
  }
  trace.queued(made, one)
})

/** Publishes a batch; gives what the sink is handed. */
const publish = (trace: BatchTrace.BatchTrace, batch: ReadonlyArray<SinkRecord>) => {
  const taken: Array<SinkRecord> = []
  return Effect.as(
    trace.batch(batch, (some) =>
      Effect.delay(
        Effect.sync(() => void taken.push(...some)),
        "5 millis"
      )
    ),
    taken
  )
}

const published = Effect.fnUntraced(function* (trace: BatchTrace.BatchTrace, batch: ReadonlyArray<SinkRecord>) {
  const fiber = yield* Effect.forkChild(publish(trace, batch))
  yield* TestClock.adjust("5 millis")
  return yield* Fiber.join(fiber)
})

describe("the trace of a batch", () => {
  it.effect("shows the stages of the chunk that its first record came with", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const trace = yield* start(kept)
      yield* TestClock.setTime(1000)
      yield* chunk(trace, 2)
      yield* chunk(trace, 4)
      yield* TestClock.adjust(88)
      yield* published(trace, records(1, 3))
      assert.deepStrictEqual(kept.times(), [
        ["batch", 1000, 1105],
        ["decode", 1000, 1001],
        ["sequence", 1001, 1003],
        ["encode", 1003, 1006],
        ["queue", 1006, 1100],
        ["publish", 1100, 1105]
      ])
      const batch = kept.named("batch")
      for (const span of kept.spans.slice(1)) assert.strictEqual(Spans.parentOf(span), batch.spanId)
      assert.deepInclude(kept.attributes(batch), {
        "messaging.batch.message_count": 3,
        "binance.chunks": 2,
        "binance.frames": 2,
        "binance.topics": ["raw_trades"]
      })
      // The rest of the second chunk.
      kept.spans.length = 0
      yield* published(trace, records(4, 3))
      assert.deepStrictEqual(kept.times()[1], ["decode", 1006, 1007])
      assert.strictEqual(kept.attributes(kept.named("batch"))["binance.chunks"], 1)
    })
  )

  it.effect("is carried by its records", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const trace = yield* start(kept)
      yield* chunk(trace, 2)
      const taken = yield* published(trace, records(1, 2))
      const { spanId, traceId } = kept.named("batch")
      assert.deepStrictEqual(
        taken,
        records(1, 2).map((one) => ({
          ...one,
          headers: { ...one.headers, traceparent: `00-${traceId}-${spanId}-01` }
        }))
      )
    })
  )

  it.effect("leaves batches that are not chosen as they are, and knows the next one's chunk", () =>
    Effect.gen(function* () {
      let drawn = 0.25
      const random = { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => drawn }
      const kept = Spans.make()
      const trace = yield* start(kept, { ...collector, ratio: 0.25 }).pipe(Effect.provideService(Random.Random, random))
      yield* chunk(trace, 2)
      yield* chunk(trace, 2)
      const batch = records(1, 2)
      assert.deepStrictEqual(yield* published(trace, batch), batch)
      assert.deepStrictEqual(kept.names(), [])
      drawn = 0.24
      yield* published(trace, records(3, 2))
      assert.deepStrictEqual(kept.times()[1], ["decode", 6, 7])
    })
  )

  it.effect("leaves a batch as it is where the tracer does not record it", () =>
    Effect.gen(function* () {
      const kept = Spans.make(() => false)
      const trace = yield* start(kept)
      yield* chunk(trace, 2)
      const batch = records(1, 2)
      assert.deepStrictEqual(yield* published(trace, batch), batch)
      assert.deepStrictEqual(kept.names(), ["batch"])
    })
  )

  it.effect("does nothing at all without a collector", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const trace = yield* start(kept, { ...collector, endpoint: Option.none() })
      yield* chunk(trace, 2)
      const batch = records(1, 2)
      let taken: unknown
      yield* trace.batch(batch, (some) => Effect.sync(() => void (taken = some)))
      assert.strictEqual(taken, batch)
      assert.deepStrictEqual(kept.names(), [])
      assert.strictEqual(trace.chunk([frame(0)]), trace.chunk())
    })
  )

  it.effect("tells that the sink failed", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const trace = yield* start(kept)
      yield* Effect.exit(trace.batch(records(1, 1), () => Effect.fail("no disk")))
      assert.isTrue(kept.failed(kept.named("batch")))
      assert.isTrue(kept.failed(kept.named("publish")))
    })
  )
})
