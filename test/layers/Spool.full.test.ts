/** A spool at its bound. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Logger, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as SpoolLayer from "../../src/layers/Spool.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import * as ContinuityRecord from "../../src/pipeline/ContinuityRecord.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import { type Overflow, Spool } from "../../src/services/Spool.ts"
import { Status } from "../../src/services/Status.ts"
import { settingsLayer } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

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
  const back = () => {
    away = false
    waiting = []
  }
  return { sink, stored, back }
})
type Inner = Effect.Success<typeof makeInner>

const open = Effect.fnUntraced(function* (inner: Inner, dataDir: string) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const environment = Layer.mergeAll(
    settingsLayer({ dataDir, spool: { mode: "auto", maxBytes: 8000, fsync: false } }),
    Layer.succeed(ReleasableSink, inner.sink),
    Layer.succeed(SpoolLayer.SpoolLimits, {
      stall: Duration.seconds(5),
      waitingBytes: 2 ** 30,
      slowKafka: Duration.zero,
      slowProcess: Duration.zero,
      drainBytes: 4000,
      segmentBytes: 1000
    }),
    StatusBoard.layer,
    Logger.layer([])
  )
  const context = yield* Layer.buildWithScope(SpoolLayer.layer.pipe(Layer.provideMerge(environment)), scope)
  const sink = Context.get(context, EventSink)
  const told: Array<Overflow> = []
  yield* Stream.runForEach(Context.get(context, Spool).overflow, (one) => Effect.sync(() => void told.push(one))).pipe(
    Effect.forkIn(scope)
  )
  yield* Effect.yieldNow
  return {
    told,
    status: Context.get(context, Status),
    publish: (...records: ReadonlyArray<SinkRecord>) => Effect.provideContext(sink.publish(records), context),
    flush: sink.flush,
    surrender: Effect.provideContext(sink.surrender, context),
    close: Scope.close(scope, Exit.void)
  }
})

const ticker = (n: number): SinkRecord => ({
  topic: "raw_tickers",
  key: "BTCUSDT",
  value: Buffer.alloc(200, 65),
  timestamp: n,
  headers: { "event-id": `binance:spot:ticker:BTCUSDT:${n}:0badcafe` }
})
const tickers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => ticker(from + n))

const gapOpened = ContinuityRecord.make(
  { market: "spot", topic: "continuity", instance: "0", at: 0 },
  { type: "gap-opened", stream: "btcusdt@trade", symbol: "BTCUSDT", from: 5, to: 6, reason: "test", late: false }
)

describe("a full spool", () => {
  it.effect("says what it did not keep, though the program is stopped before there is room", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir)
      yield* first.publish(...tickers(1, 10))
      assert.strictEqual(
        yield* Effect.andThen(TestClock.adjust("6 seconds"), first.publish(...tickers(11, 60))),
        undefined
      )
      const lost = yield* first.surrender
      yield* first.close
      inner.back()
      const second = yield* open(inner, dir)
      yield* second.flush
      const kept = inner.stored.filter(({ topic }) => topic === "raw_tickers")
      const said = inner.stored
        .filter(({ topic }) => topic === "continuity")
        .map(({ value }): unknown => JSON.parse(new TextDecoder().decode(value)))
      assert.strictEqual(lost, 0)
      assert.isBelow(kept.length, 60)
      assert.lengthOf(said, 1)
      assert.deepInclude(said[0], { type: "overflow", stream: "btcusdt@ticker", from: kept.length + 1, to: 60 })
    })
  )

  it.effect("tells people how many it has dropped and why", () =>
    Effect.gen(function* () {
      const inner = yield* makeInner
      const { publish, status } = yield* open(inner, yield* temporaryFolder)
      yield* publish(...tickers(1, 10))
      yield* TestClock.adjust("6 seconds")
      yield* publish(...tickers(11, 60))
      const { dropped, fault, limit, records } = status.figures().spool!
      assert.deepStrictEqual([limit, fault, records + dropped], [8000, "SPOOL_MAX_BYTES=8000 is reached", 60])
      assert.isAbove(dropped, 0)
      assert.deepStrictEqual(
        status.troubles().map(({ name, text }) => [name, text]),
        [["spool (losing records)", `${dropped} records were not kept: SPOOL_MAX_BYTES=8000 is reached`]]
      )
    })
  )

  it.effect("keeps what the continuity topic is to say", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir)
      yield* first.publish(...tickers(1, 10))
      yield* TestClock.adjust("6 seconds")
      yield* first.publish(...tickers(11, 60))
      yield* first.publish(gapOpened)
      yield* first.surrender
      yield* first.close
      inner.back()
      const second = yield* open(inner, dir)
      yield* second.flush
      assert.include(
        inner.stored.map(({ topic }) => topic),
        "continuity"
      )
    })
  )
})
