/** What a run goes on with after a spool that an earlier one left. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Logger, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as SpoolLayer from "../../src/layers/Spool.ts"
import * as ContinuityRecord from "../../src/pipeline/ContinuityRecord.ts"
import * as Resume from "../../src/pipeline/Resume.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Positions } from "../../src/services/Positions.ts"
import type { Position } from "../../src/pipeline/Standing.ts"
import { standingsOf } from "../support/standings.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer, streamNames } from "../support/settings.ts"
import { range, recordOf, trade } from "../support/tape.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

/** Stores nothing while it is away; stores all that waits, or some of it, when told to. */
const makeInner = Effect.sync(() => {
  const stored: Array<SinkRecord> = []
  let waiting: Array<SinkRecord> = []
  let away = true
  const sink = ReleasableSink.of({
    publish: (batch) => Effect.sync(() => void (away ? waiting : stored).push(...batch)),
    flush: Effect.suspend(() => (waiting.length === 0 ? Effect.void : Effect.never)),
    stored: Effect.suspend(() => (waiting.length === 0 ? Effect.void : Effect.never)),
    pending: Effect.sync(() => waiting.length),
    surrender: Effect.sync(() => waiting.length),
    newest: () => Effect.sync(() => new Set(stored.map(({ headers }) => headers["event-id"] ?? ""))),
    waiting: () => ({ records: waiting.length, bytes: 0 }),
    release: Effect.sync(() => ({ tried: [], untried: waiting.splice(0) }))
  })
  return {
    sink,
    stored,
    waiting: () => waiting.length,
    store: (count: number) => void stored.push(...waiting.splice(0, count)),
    kill: () => {
      waiting = []
    },
    back: () => {
      away = false
    }
  }
})
type Inner = Effect.Success<typeof makeInner>

const open = Effect.fnUntraced(function* (inner: Inner, dataDir: string, stored?: Position, maxBytes = 2 ** 30) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const environment = Layer.mergeAll(
    settingsLayer({ dataDir, spool: { mode: "auto", maxBytes, fsync: false } }),
    Layer.succeed(ReleasableSink, inner.sink),
    Layer.succeed(Positions, {
      isKept: true,
      load: () => Effect.succeed(standingsOf({ "btcusdt@trade": stored })),
      begin: Effect.void
    }),
    Layer.succeed(SpoolLayer.SpoolLimits, {
      stall: Duration.seconds(5),
      waitingBytes: 2 ** 30,
      slowKafka: Duration.zero,
      slowProcess: Duration.zero,
      drainBytes: 4000,
      segmentBytes: 2 ** 20
    }),
    HealthProbe.layer,
    Logger.layer([])
  )
  const context = yield* Layer.buildWithScope(SpoolLayer.layer.pipe(Layer.provideMerge(environment)), scope)
  const sink = Context.get(context, EventSink)
  return {
    publish: (...records: ReadonlyArray<SinkRecord>) => Effect.provideContext(sink.publish(records), context),
    flush: sink.flush,
    surrender: Effect.provideContext(sink.surrender, context),
    known: Effect.map(Effect.provideContext(Resume.make(streamNames("btcusdt@trade")), context), ({ known }) =>
      Option.getOrThrow(known).get("btcusdt@trade")
    ),
    close: Scope.close(scope, Exit.void)
  }
})

/** Where a start stands after a run that could store nothing and was stopped with these records in the spool. */
const standsAfter = Effect.fnUntraced(function* (stored: Position, ...records: ReadonlyArray<SinkRecord>) {
  const dir = yield* temporaryFolder
  const inner = yield* makeInner
  const first = yield* open(inner, dir)
  yield* first.publish(...records)
  assert.strictEqual(yield* first.surrender, 0)
  yield* first.close
  inner.kill()
  const second = yield* open(inner, dir, stored)
  return yield* second.known
})

const live = (...ids: ReadonlyArray<number>) => ids.map((id) => recordOf("btcusdt@trade", trade(id)))
const late = (...ids: ReadonlyArray<number>) =>
  ids.map((id) => recordOf("btcusdt@trade", trade(id), { late: true, backfilled: true }))
const tickers = (from: number, to: number) =>
  range(from, to).map((n) => ({
    topic: "raw_tickers",
    key: "BTCUSDT",
    value: Buffer.alloc(200, 65),
    timestamp: n,
    headers: { "event-id": `binance:spot:ticker:BTCUSDT:${n}:0badcafe` }
  }))
const note = (type: "gap-opened" | "gap-filled", from: number, to: number) =>
  ContinuityRecord.make(
    { market: "spot", topic: "continuity", instance: "0", at: 0 },
    { type, stream: "btcusdt@trade", symbol: "BTCUSDT", from, to, reason: "test", late: type === "gap-filled" }
  )

const until = Effect.fnUntraced(function* (holds: () => boolean) {
  while (!holds()) yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
})

describe("a start with a spool", () => {
  it.effect("goes on after the highest id in it, though a late one is the last", () =>
    Effect.gen(function* () {
      const known = yield* standsAfter({ last: 20, at: 0, gaps: [] }, ...live(21, 22, 23), ...late(5, 6))
      // At 20 it would fetch 21 to 23, which the spool stores as well.
      assert.strictEqual(known?.last, 23)
    })
  )

  it.effect("knows what is missing between the records of two earlier runs", () =>
    Effect.gen(function* () {
      const known = yield* standsAfter({ last: 20, at: 0, gaps: [] }, ...live(21, 22), ...live(30, 31))
      assert.deepInclude(known, { last: 31, unsaid: [{ first: 23, last: 29 }] })
    })
  )

  it.effect("does not fill a gap again that the spool fills", () =>
    Effect.gen(function* () {
      const gaps = [{ first: 5, last: 6 }]
      const records = [...late(5, 6), note("gap-filled", 5, 6), ...live(21)]
      const known = yield* standsAfter({ last: 20, at: 0, gaps }, ...records)
      assert.deepStrictEqual(known?.gaps, [])
    })
  )

  it.effect("knows of the gaps that were opened while Kafka was away", () =>
    Effect.gen(function* () {
      const records = [...live(21, 25), note("gap-opened", 22, 24)]
      const known = yield* standsAfter({ last: 20, at: 0, gaps: [] }, ...records)
      assert.deepStrictEqual(known?.gaps, [{ first: 22, last: 24 }])
    })
  )

  it.effect("knows what is missing where the run before never learned where it should have begun", () =>
    Effect.gen(function* () {
      // Kafka was away at its start and until its end: it began live at 30.
      const known = yield* standsAfter({ last: 10, at: 0, gaps: [] }, ...live(30, 31, 32))
      assert.deepInclude(known, { last: 32, unsaid: [{ first: 11, last: 29 }] })
    })
  )

  it.effect.each([
    { what: "trades, whose position says so", records: live(...range(1, 50)), hasPosition: true },
    { what: "tickers, read back from the end of their topic", records: tickers(1, 50), hasPosition: false }
  ])("sends nothing again that the run before had stored when it was stopped: $what", ({ hasPosition, records }) =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir)
      yield* first.publish(...records)
      yield* TestClock.adjust("6 seconds")
      // It is drained: a part is with Kafka, of which half is stored (one partition of two) when the stop comes.
      yield* until(() => inner.waiting() > 0)
      inner.store(Math.floor(inner.waiting() / 2))
      assert.strictEqual(yield* first.surrender, 0)
      yield* first.close
      inner.kill()
      inner.back()
      const last = inner.stored.length
      const second = yield* open(inner, dir, hasPosition ? { last, at: 1000 + last, gaps: [] } : undefined)
      yield* second.flush
      const ids = inner.stored.map(({ headers }) => Number(headers["event-id"]?.split(":")[4]))
      assert.deepStrictEqual(ids, range(1, 50))
    })
  )

  it.effect("misses the late records that had no room, though their gap was said to be filled", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir, undefined, 8000)
      yield* first.publish(...live(101))
      yield* TestClock.adjust("6 seconds")
      yield* first.publish(...tickers(1, 60))
      // As the pipeline publishes it: what fills the gap, and that it is filled.
      yield* first.publish(...late(...range(20, 24)), note("gap-filled", 20, 24))
      yield* first.surrender
      yield* first.close
      inner.kill()
      const second = yield* open(inner, dir, { last: 100, at: 1100, gaps: [{ first: 20, last: 29 }] })
      assert.deepStrictEqual((yield* second.known)?.gaps, [{ first: 20, last: 29 }])
    })
  )

  it.effect("asks for the ends of every topic that the spool holds anything for, before it sends any of it", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir)
      // More than one reading takes.
      yield* first.publish(...tickers(1, 30), ...tickers(31, 40).map((one) => ({ ...one, topic: "raw_others" })))
      yield* TestClock.adjust("6 seconds")
      yield* first.surrender
      yield* first.close
      inner.kill()
      inner.back()
      const asked: Array<string> = []
      const newest = (records: ReadonlyArray<SinkRecord>) =>
        Effect.sync(() => {
          asked.push(...records.map(({ key, topic }) => `${topic}/${key} after ${inner.stored.length}`))
          return new Set<string>()
        })
      const second = yield* open({ ...inner, sink: { ...inner.sink, newest } }, dir)
      yield* second.flush
      assert.deepStrictEqual(asked, ["raw_tickers/BTCUSDT after 0", "raw_others/BTCUSDT after 0"])
    })
  )
})
