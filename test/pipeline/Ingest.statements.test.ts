/** What the pipeline says of gaps reaches the sink, in its turn, whenever it is stopped. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Logger, Queue, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import { Positions } from "../../src/services/Positions.ts"
import type { Position } from "../../src/pipeline/Standing.ts"
import { standingsOf } from "../support/standings.ts"
import { nothingHeld, type Overflow, Spool } from "../../src/services/Spool.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"
import { range, trade } from "../support/tape.ts"

const frame = (t: number): string => `{"stream":"btcusdt@trade","data":${trade(t).json}}`

const said = (records: ReadonlyArray<SinkRecord>) =>
  records.map(({ headers, topic, value }) => {
    const record = JSON.parse(new TextDecoder().decode(value))
    if (topic === "continuity") return `${record.type} ${record.from}-${record.to}`
    return `${headers["event-id"]?.split(":")[4]}${record.late === true ? " late" : ""}`
  })

const overflow = (stream: string, from: number, to: number): Overflow => ({
  stream,
  from,
  to,
  at: 0,
  replayable: true,
  late: false,
  records: to - from + 1
})

const settings = settingsLayer({ batch: { ...testSettings().batch, size: 1 } })

const start = Effect.fnUntraced(function* (position?: Position) {
  const overflows = yield* Queue.unbounded<Overflow>()
  const missed = yield* Queue.unbounded<Overflow>()
  const drained = yield* Queue.unbounded<void>()
  const context = yield* Layer.build(
    Layer.mergeAll(
      MemoryFeed.layer,
      MemoryHistory.layer,
      MemorySink.layer,
      HealthState.layer,
      settings,
      Logger.layer([]),
      Layer.succeed(Spool, {
        held: Effect.succeed(nothingHeld),
        overflow: Stream.fromQueue(overflows),
        drained: Stream.fromQueue(drained),
        readmit: Queue.clear(missed)
      }),
      Layer.succeed(Positions, {
        isKept: true,
        load: () => Effect.succeed(standingsOf({ "btcusdt@trade": position })),
        begin: Effect.void
      })
    )
  )
  const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  yield* TestClock.adjust(0)
  return {
    fiber,
    overflows,
    missed,
    drained,
    frames: Context.get(context, MemoryFeed.MemoryFrames),
    past: Context.get(context, MemoryHistory.MemoryPast),
    log: Context.get(context, MemorySink.MemoryLog)
  }
})

describe("Ingest", () => {
  it.effect("says that a gap is open before anything that lies beyond it can be stored", () =>
    Effect.gen(function* () {
      const { frames, log } = yield* start({ last: 10, at: 0, gaps: [] })
      // 13 waits, for the history does not have 11 and 12.
      yield* Effect.forEach([13, 14], (id) => frames.offer(frame(id)), { discard: true })
      yield* TestClock.adjust("3 minutes")
      const all = said(yield* log.records)
      // A kill between two batches leaves whatever stands first: then nobody knows of 11 and 12.
      assert.isBelow(all.indexOf("gap-opened 11-12"), all.indexOf("13"), all.join())
    })
  )

  it.effect("says what the spool had no room for, though it is stopped at that moment", () =>
    Effect.gen(function* () {
      const { fiber, frames, log, overflows } = yield* start()
      yield* log.pause
      // The sink takes nothing: the queue is full, and the reader waits in its turn.
      yield* Effect.forEach(range(1, 9000), (id) => frames.offer(frame(id)), { discard: true })
      yield* TestClock.adjust("1 second")
      yield* Queue.offer(overflows, { ...overflow("btcusdt@ticker", 20, 30), replayable: false })
      yield* TestClock.adjust("1 second")
      const stop = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 second")
      yield* log.resume
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(stop)
      const all = said(yield* log.records)
      assert.isAtLeast(all.length, 9000)
      assert.include(all, "overflow 20-30")
    })
  )

  it.effect("fetches what the spool had no room for in place, once nothing newer is on its way to it", () =>
    Effect.gen(function* () {
      const { drained, frames, log, missed, past } = yield* start()
      yield* past.set(
        "btcusdt@trade",
        range(1, 120).map((id) => trade(id))
      )
      yield* Effect.forEach(range(1, 100), (id) => frames.offer(frame(id)), { discard: true })
      yield* TestClock.adjust("1 second")
      yield* log.pause
      yield* Effect.forEach(range(101, 110), (id) => frames.offer(frame(id)), { discard: true })
      yield* TestClock.adjust("1 second")
      yield* Queue.offer(missed, overflow("btcusdt@trade", 20, 110))
      yield* Queue.offer(drained, undefined)
      yield* TestClock.adjust("1 second")
      // The writer still waits with what must not be kept.
      assert.strictEqual(yield* Queue.size(missed), 1)
      yield* frames.offer(frame(111))
      yield* log.resume
      yield* TestClock.adjust("5 seconds")
      const all = said(yield* log.records)
      const again = all.slice(all.indexOf("110") + 1)
      assert.deepStrictEqual(again, [...range(20, 111).map(String), "gap-filled 20-110"], all.join())
    })
  )

  it.effect.each([
    // The positions are read before anything of this run is stored: the control.
    { failures: 6, what: "Kafka stores only later" },
    { failures: 0, what: "Kafka stores at once" }
  ])("opens what lies between an earlier run and a start that Kafka was away at: $what", ({ failures }) =>
    Effect.gen(function* () {
      const NOW = 1_700_000_000_000
      yield* TestClock.setTime(NOW)
      const kafka = yield* Layer.build(MemoryKafka.layerWith({ idempotent: false }))
      const broker = Context.get(kafka, MemoryKafka.MemoryBroker)
      const provided = KafkaSink.layer.pipe(
        Layer.provideMerge(
          Layer.mergeAll(Layer.succeedContext(kafka), settingsLayer(), HealthState.layer, Logger.layer([]))
        ),
        Layer.provideMerge(Layer.mergeAll(MemoryFeed.layer, MemoryHistory.layer))
      )
      const run = Effect.gen(function* () {
        const scope = yield* Scope.fork(yield* Effect.scope)
        const context = yield* Layer.buildWithScope(provided, scope)
        const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkIn(scope))
        yield* TestClock.adjust(0)
        return { fiber, frames: Context.get(context, MemoryFeed.MemoryFrames), scope }
      })
      const first = yield* run
      yield* Effect.forEach(range(1, 10), (id) => first.frames.offer(frame(id)), { discard: true })
      yield* TestClock.adjust("10 seconds")
      yield* Effect.forkChild(Fiber.interrupt(first.fiber))
      yield* TestClock.adjust("10 seconds")
      yield* Scope.close(first.scope, Exit.void)

      yield* broker.outage(new KafkaError({ kind: "Unreachable", message: "away" }))
      const second = yield* run
      yield* TestClock.adjust("15 seconds")
      yield* Effect.forEach(range(30, 40), (id) => second.frames.offer(frame(id)), { discard: true })
      yield* TestClock.adjust("10 seconds")
      const busy = new KafkaError({ kind: "Busy", message: "not yet" })
      yield* broker.script(Array.from({ length: failures }, () => ({ error: busy })))
      yield* broker.outage(undefined)
      for (let n = 0; n < 100; n++) yield* TestClock.adjust("300 millis")
      const trades = said((yield* broker.log("raw_trades")).flat())
      const notes = said((yield* broker.log("continuity")).flat())
      assert.include(trades, "40")
      assert.include(notes, "gap-opened 11-29", `${trades.join()} / ${notes.join()}`)
    })
  )
})
