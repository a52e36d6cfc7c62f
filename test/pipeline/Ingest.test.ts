import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink, SinkError } from "../../src/services/EventSink.ts"
import { FeedError, MarketFeed } from "../../src/services/MarketFeed.ts"
import { settingsLayer } from "../support/settings.ts"

const trade = (t: number): string =>
  `{"stream":"btcusdt@trade","data":{"e":"trade","E":0,"s":"BTCUSDT","t":${t},"p":"1.0","q":"1.0","T":0,"m":true}}`

const idOf = (record: SinkRecord): number => Number(record.headers["event-id"]?.split(":").at(-1))
const ids = (records: ReadonlyArray<SinkRecord>): ReadonlyArray<number> => records.map(idOf)
const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

const settings = settingsLayer({ batch: { size: 3, timeout: Duration.millis(200) } })

/** What is around the pipeline; there is no history. */
const alone = Layer.mergeAll(settings, HealthState.layer, MemoryHistory.none)

/** The pipeline between a feed and a sink that the test plays. */
const startWith = Effect.fnUntraced(function* (hasGathered: boolean) {
  const context = yield* Layer.build(Layer.mergeAll(MemoryFeed.layer, MemorySink.layer, alone))
  const feed = { ...Context.get(context, MarketFeed), hasGathered }
  const fiber = yield* Ingest.run.pipe(
    Effect.provideService(MarketFeed, feed),
    Effect.provide(context),
    Effect.forkScoped
  )
  // Until the pipeline waits for its first frame.
  yield* TestClock.adjust(0)
  const frames = Context.get(context, MemoryFeed.MemoryFrames)
  return {
    fiber,
    log: Context.get(context, MemorySink.MemoryLog),
    feed: frames,
    offer: (...messages: ReadonlyArray<string | Uint8Array>) =>
      Effect.andThen(Effect.forEach(messages, frames.offer, { discard: true }), TestClock.adjust(0))
  }
})
const start = startWith(false)

const batches = (log: MemorySink.MemoryLog["Service"]) =>
  Effect.map(log.batches, (all) => all.map((batch) => ids(batch)))

describe("Ingest", () => {
  it.effect("batches by size, and what is left by time", () =>
    Effect.gen(function* () {
      const { log, offer } = yield* start
      yield* offer(...range(1, 7).map(trade))
      assert.deepStrictEqual(yield* batches(log), [
        [1, 2, 3],
        [4, 5, 6]
      ])
      yield* TestClock.adjust("0 millis")
      assert.strictEqual((yield* log.records).length, 6)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* batches(log), [[1, 2, 3], [4, 5, 6], [7]])
    })
  )

  it.effect("does not wait for others where the feed has", () =>
    Effect.gen(function* () {
      const { log, offer } = yield* startWith(true)
      yield* offer(...range(1, 7).map(trade))
      assert.deepStrictEqual(yield* batches(log), [[1, 2, 3], [4, 5, 6], [7]])
    })
  )

  it.effect("publishes everything that it has when it is interrupted", () =>
    Effect.gen(function* () {
      const { fiber, log, offer } = yield* start
      yield* offer(trade(1))
      assert.deepStrictEqual(yield* batches(log), [])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* batches(log), [[1]])
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
    })
  )

  it.effect("ends well when its feed ends, with everything published", () =>
    Effect.gen(function* () {
      const { feed, fiber, log, offer } = yield* start
      yield* offer(...range(1, 4).map(trade))
      yield* feed.end
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* batches(log), [[1, 2, 3], [4]])
    })
  )

  it.effect("fails with its feed, with everything published first", () =>
    Effect.gen(function* () {
      const { feed, fiber, log, offer } = yield* start
      yield* offer(trade(1))
      yield* feed.fail(new FeedError({ message: "no more" }))
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error.message, "no more")
      assert.deepStrictEqual(yield* batches(log), [[1]])
    })
  )

  it.effect("fails with its sink", () =>
    Effect.gen(function* () {
      const { fiber, log, offer } = yield* start
      yield* log.failNext(new SinkError({ message: "disk full" }))
      yield* offer(...range(1, 3).map(trade))
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit))
      if (Exit.isFailure(exit)) {
        assert.strictEqual(Option.getOrThrow(Cause.findErrorOption(exit.cause)).message, "disk full")
      }
    })
  )

  it.effect("waits for a slow sink and loses nothing meanwhile", () =>
    Effect.gen(function* () {
      const { feed, fiber, log, offer } = yield* start
      yield* log.pause
      // More than the queue between reader and writer holds.
      yield* offer(...range(1, 20_000).map(trade))
      assert.deepStrictEqual(yield* batches(log), [])
      yield* log.resume
      yield* feed.end
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(ids(yield* log.records), range(1, 20_000))
    })
  )

  it.effect("gives up a sink that does not take the rest in time, and says how much that is", () =>
    Effect.gen(function* () {
      const { fiber, log, offer } = yield* start
      yield* log.pause
      yield* offer(...range(1, 10).map(trade))
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.join(interruption)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit))
      if (Exit.isFailure(exit)) {
        assert.include(Cause.pretty(exit.cause), "stopped with at least 10 records not stored")
      }
    })
  )

  it.effect("gives it up too while the reader still waits for room", () =>
    Effect.gen(function* () {
      const { fiber, log, offer } = yield* start
      yield* log.pause
      // More than the queue between reader and writer holds.
      yield* offer(...range(1, 20_000).map(trade))
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("8 seconds")
      const exit = interruption.pollUnsafe() === undefined ? undefined : yield* Fiber.await(fiber)
      assert.isDefined(exit, "it still waits")
      assert.isTrue(exit !== undefined && Exit.isFailure(exit))
    })
  )

  it.effect("counts what the sink holds and cannot store in time", () =>
    Effect.gen(function* () {
      const stuck = Layer.succeed(EventSink, {
        publish: () => Effect.void,
        flush: Effect.never,
        pending: Effect.succeed(5),
        surrender: Effect.succeed(5)
      })
      const context = yield* Layer.build(Layer.mergeAll(MemoryFeed.layer, stuck, alone))
      const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
      yield* TestClock.adjust(0)
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.join(interruption)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes("at least 5 records not stored"))
    })
  )

  it.effect("gives the sink all the time it needs when the feed has ended", () =>
    Effect.gen(function* () {
      const flushed = yield* Deferred.make<void>()
      const slow = Layer.succeed(EventSink, {
        publish: () => Effect.void,
        flush: Deferred.await(flushed),
        pending: Effect.succeed(1),
        surrender: Effect.succeed(1)
      })
      const context = yield* Layer.build(Layer.mergeAll(MemoryFeed.layer, slow, alone))
      const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
      yield* Context.get(context, MemoryFeed.MemoryFrames).end
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(flushed, undefined)
      yield* Fiber.join(fiber)
    })
  )

  it.effect("sends what is no event to the dead letters and goes on", () =>
    Effect.gen(function* () {
      const { feed, fiber, log, offer } = yield* start
      const broken = Uint8Array.of(0x7b, 0xff)
      yield* offer(trade(1), broken, '{"result":null,"id":1}', trade(2))
      yield* feed.end
      yield* Fiber.join(fiber)
      const records = yield* log.records
      assert.deepStrictEqual(ids(records.filter(({ topic }) => topic === "raw_trades")), [1, 2])
      const letters = records.filter(({ topic }) => topic === "dead_letter")
      assert.deepStrictEqual(
        letters.map(({ key, value }) => [key, [...value]]),
        [["unknown", [...broken]]]
      )
    })
  )
})
