import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import {
  Arbitrary,
  Context,
  Duration,
  Effect,
  Exit,
  Fiber,
  Latch,
  Layer,
  Logger,
  References,
  Schema,
  Scope,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import * as SpoolLayer from "../../src/layers/Spool.ts"
import * as Mode from "../../src/layers/spool/Mode.ts"
import type { SpoolSettings } from "../../src/schema/Settings.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink, SinkError } from "../../src/services/EventSink.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import { type Overflow, Spool } from "../../src/services/Spool.ts"
import { settingsLayer } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const KEYS = ["BTCUSDT", "ETHUSDT", "BNBUSDT"]
const SIZE = 100

const record = (n: number, suffix = "trade", key = KEYS[n % KEYS.length] ?? ""): SinkRecord => ({
  topic: "raw_trades",
  key,
  value: Buffer.alloc(SIZE, n),
  timestamp: n,
  headers: { "event-id": `binance:spot:${suffix}:${key}:${n}` }
})

const records = (from: number, count: number) => Array.from({ length: count }, (_, n) => record(from + n))

const ids = (records: Iterable<SinkRecord>) => Array.from(records, ({ timestamp }) => timestamp)

/**
 * A sink that the test plays: while it works it stores at once; while it does not, the first batch that it took is tried, and
 * stored when it works again.
 */
const makeInner = Effect.gen(function* () {
  const flushed = yield* Latch.make(true)
  const stored: Array<SinkRecord> = []
  let working = true
  let tried: Array<SinkRecord> = []
  let untried: Array<SinkRecord> = []
  /** Whether a send is begun while it does not work. */
  let trying = true
  let failure: SinkError | undefined
  let most = 0

  const settle = () => {
    if (!working) return
    stored.push(...tried.splice(0), ...untried.splice(0))
  }
  // As with Kafka, what is taken out counts as flushed.
  const flush = Effect.suspend(() => (tried.length + untried.length === 0 ? Effect.void : flushed.await))
  const sink = ReleasableSink.of({
    publish: (batch) =>
      Effect.suspend(() => {
        if (failure !== undefined) return Effect.fail(failure)
        untried.push(...batch)
        if (!working && trying && tried.length === 0) tried = untried.splice(0)
        most = Math.max(most, tried.length + untried.length)
        settle()
        return Effect.void
      }),
    flush,
    stored: flush,
    pending: Effect.sync(() => tried.length + untried.length),
    surrender: Effect.sync(() => tried.length + untried.length),
    newest: () => Effect.sync(() => new Set(stored.map(({ headers }) => headers["event-id"] ?? ""))),
    waiting: () => {
      const records = tried.length + untried.length
      return { records, bytes: SIZE * records }
    },
    release: Effect.suspend(() => {
      const released = { tried: [...tried], untried: untried.splice(0) }
      return tried.length > 0 ? Effect.succeed(released) : Effect.as(flushed.release, released)
    })
  })
  return {
    sink,
    stored,
    most: () => most,
    stop: Effect.sync(() => {
      working = false
      flushed.closeUnsafe()
    }),
    tryNothing: Effect.sync(() => void (trying = false)),
    start: Effect.sync(() => {
      working = true
      settle()
      flushed.openUnsafe()
    }),
    /** Works slowly. */
    store: (count: number) =>
      Effect.sync(() => {
        for (let n = 0; n < count; n++) {
          const next = tried.shift() ?? untried.shift()
          if (next !== undefined) stored.push(next)
        }
      }),
    /** Nothing that waits is stored any more, as after a kill. */
    forget: Effect.sync(() => {
      tried = []
      untried = []
      working = true
      flushed.openUnsafe()
    }),
    fail: (error: SinkError) => Effect.sync(() => void (failure = error))
  }
})

type Inner = Effect.Success<typeof makeInner>

interface Line {
  readonly level: string
  readonly text: string
  readonly annotations: Record<string, unknown>
}

const open = Effect.fnUntraced(function* (
  inner: Inner,
  dataDir: string,
  spool: Partial<SpoolSettings> = {},
  limits: { readonly drainBytes?: number; readonly segmentBytes?: number } = {}
) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const lines: Array<Line> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    const [text] = Array.isArray(message) ? message : [message]
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    lines.push({ level: logLevel, text: String(text), annotations })
  })
  const environment = Layer.mergeAll(
    settingsLayer({ dataDir, spool: { mode: "auto", maxBytes: 2 ** 30, fsync: false, ...spool } }),
    Layer.succeed(ReleasableSink, inner.sink),
    Layer.succeed(SpoolLayer.SpoolLimits, {
      stall: Duration.seconds(5),
      waitingBytes: 100 * SIZE,
      slowKafka: Duration.zero,
      slowProcess: Duration.zero,
      drainBytes: 10 * SIZE,
      segmentBytes: 20 * SIZE,
      ...limits
    }),
    Logger.layer([logger])
  )
  const context = yield* Layer.buildWithScope(SpoolLayer.layer.pipe(Layer.provideMerge(environment)), scope)
  const sink = Context.get(context, EventSink)
  return {
    sink: EventSink.of({
      publish: (batch) => Effect.provideContext(sink.publish(batch), context),
      flush: sink.flush,
      pending: sink.pending,
      surrender: Effect.provideContext(sink.surrender, context)
    }),
    spool: Context.get(context, Spool),
    lines,
    says: (pattern: RegExp) => lines.filter(({ text }) => pattern.test(text)),
    close: Scope.close(scope, Exit.void)
  }
})

type Opened = Effect.Success<ReturnType<typeof open>>

/** Files are read and written by the clock on the wall, which no test clock moves on. */
const until = Effect.fnUntraced(function* (holds: () => boolean) {
  while (!holds()) yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
})

/** Some turns for files to be read and written. */
const breathe = Effect.promise(async () => {
  for (let n = 0; n < 20; n++) await new Promise<void>((resolve) => setImmediate(resolve))
})

const Happening = Schema.Union([
  Schema.Struct({ publish: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })) }),
  Schema.Literals(["stop", "start", "time passes", "the disk works"])
])

const segments = (dataDir: string) => readdirSync(join(dataDir, "spool")).filter((name) => name.endsWith(".seg"))

/** Until the spool has taken over what waits in the sink. */
const engage = Effect.fnUntraced(function* (opened: Opened, times = 1) {
  yield* TestClock.adjust("6 seconds")
  yield* until(() => opened.says(/wait on the disk until/).length === times)
})

describe("the mode", () => {
  const Step = Schema.Union([
    Schema.Struct({ publish: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })) }),
    Schema.Literals(["stalled", "kept", "unkept", "drain", "store"])
  ])

  it.prop(
    "keeps the order, wherever a batch goes",
    [Arbitrary.array(Arbitrary.schema(Step), { minLength: 10, maxLength: 80 })],
    ([happenings]) => {
      let mode: Mode.Mode = "Direct"
      let published = 0
      const sink: Array<number> = []
      const disk: Array<number> = []
      const stored: Array<number> = []
      for (const happening of happenings) {
        if (typeof happening !== "string") {
          const place = Mode.placeOf(mode)
          // Whoever publishes waits meanwhile.
          if (place === undefined) continue
          for (let n = 0; n < happening.publish; n++) (place === "sink" ? sink : disk).push(published++)
        } else if (happening === "store") stored.push(...sink.splice(0, 2))
        else if (happening === "drain") {
          if (Mode.placeOf(mode) !== "disk") continue
          stored.push(...sink.splice(0), ...disk.splice(0, 3))
          mode = Mode.step(mode, "stored")
          if (disk.length === 0) mode = Mode.step(mode, "emptied")
        } else {
          const before: Mode.Mode = mode
          mode = Mode.step(mode, happening)
          if (before === "Engaging" && mode === "Spooling") disk.push(...sink.splice(0))
        }
      }
      assert.deepStrictEqual(
        [...stored, ...sink, ...disk],
        Array.from({ length: published }, (_, n) => n)
      )
    }
  )
})

describe("Spool", () => {
  it.effect("lets batches pass while the sink stores, and leaves nothing on the disk", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      yield* opened.sink.publish(records(0, 50))
      yield* TestClock.adjust("1 minute")
      yield* opened.sink.publish(records(50, 50))
      yield* opened.sink.flush
      assert.strictEqual(yield* opened.sink.pending, 0)
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 100)))
      assert.isEmpty(segments(dir))
      assert.isEmpty(opened.lines)
      assert.strictEqual(yield* opened.sink.surrender, 0)
    })
  )

  it.effect("is not there with SPOOL=off", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const { sink, spool } = yield* open(inner, dir, { mode: "off" })
      yield* inner.stop
      yield* sink.publish(records(0, 3))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* sink.surrender, 3)
      assert.isEmpty(readdirSync(dir))
      assert.strictEqual((yield* spool.held).streams.size, 0)
    })
  )

  it.effect("takes over when nothing is stored for 5 s, keeps memory flat, and drains in order", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      yield* opened.sink.publish(records(0, 10))
      yield* inner.stop
      yield* opened.sink.publish(records(10, 10))
      yield* opened.sink.publish(records(20, 10))
      yield* TestClock.adjust("4 seconds")
      assert.isEmpty(opened.lines)
      yield* engage(opened)
      assert.deepInclude(opened.says(/until they can be stored/)[0]?.annotations, {
        records: 20,
        reason: "nothing was stored for 5s"
      })
      for (let from = 30; from < 1030; from += 50) yield* opened.sink.publish(records(from, 50))
      assert.strictEqual(yield* opened.sink.pending, 1020)
      // What was tried, and one batch from the disk.
      assert.isAtMost(inner.most(), 50)
      yield* inner.start
      yield* opened.sink.flush
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 1030)))
      yield* until(() => opened.says(/drained/).length === 1)
      assert.deepInclude(opened.says(/drained/)[0]?.annotations, { records: 1020 })
      assert.isEmpty(segments(dir))
      yield* opened.sink.publish(records(1030, 5))
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 1035)))
    })
  )

  it.effect("leaves a sink alone that stores slowly but steadily", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      yield* inner.stop
      yield* opened.sink.publish(records(0, 20))
      for (let n = 0; n < 10; n++) {
        yield* TestClock.adjust("4 seconds")
        yield* inner.store(1)
      }
      assert.isEmpty(opened.lines)
      yield* engage(opened)
      assert.deepInclude(opened.says(/until they can be stored/)[0]?.annotations, { records: 10 })
    })
  )

  it.effect("stores what comes at the moment when all that came before is drained", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const { sink } = yield* open(inner, dir, { mode: "always" })
      for (let n = 0; n < 400; n++) {
        yield* sink.publish([record(n)])
        for (let turns = n % 20; turns > 0; turns--) yield* Effect.yieldNow
      }
      yield* sink.flush
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 400)))
    })
  )

  it.effect("has not flushed what went to the disk meanwhile", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      yield* inner.stop
      yield* inner.tryNothing
      yield* opened.sink.publish(records(0, 10))
      const flush = yield* Effect.forkChild(opened.sink.flush)
      yield* engage(opened)
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(flush.pollUnsafe())
      assert.strictEqual(yield* opened.sink.pending, 10)
      yield* inner.start
      yield* Fiber.join(flush)
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 10)))
    })
  )

  it.effect.prop(
    "stores everything once and in order, however the sink comes and goes",
    [Arbitrary.array(Arbitrary.schema(Happening), { minLength: 10, maxLength: 60 })],
    ([happenings]) =>
      Effect.gen(function* () {
        const dir = yield* temporaryFolder
        const inner = yield* makeInner
        const { sink } = yield* open(inner, dir)
        let published = 0
        for (const happening of happenings) {
          if (happening === "stop") yield* inner.stop
          else if (happening === "start") yield* inner.start
          else if (happening === "time passes") yield* TestClock.adjust("6 seconds")
          else if (happening === "the disk works") yield* breathe
          else {
            yield* sink.publish(records(published, happening.publish))
            published += happening.publish
          }
        }
        yield* inner.start
        yield* sink.flush
        assert.strictEqual(yield* sink.pending, 0)
        assert.deepStrictEqual(ids(inner.stored), ids(records(0, published)))
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40 } }
  )

  it.effect.prop(
    "loses nothing with SPOOL=always, however often the process ends",
    [
      Arbitrary.array(Arbitrary.schema(Schema.Union([Happening, Schema.Literal("end")])), {
        minLength: 10,
        maxLength: 60
      })
    ],
    ([happenings]) =>
      Effect.gen(function* () {
        const dir = yield* temporaryFolder
        const inner = yield* makeInner
        let opened = yield* open(inner, dir, { mode: "always" })
        let published = 0
        for (const happening of happenings) {
          if (happening === "stop") yield* inner.stop
          else if (happening === "start") yield* inner.start
          else if (happening === "time passes") yield* TestClock.adjust("6 seconds")
          else if (happening === "the disk works") yield* breathe
          else if (happening === "end") {
            yield* opened.close
            yield* inner.forget
            opened = yield* open(inner, dir, { mode: "always" })
          } else {
            yield* opened.sink.publish(records(published, happening.publish))
            published += happening.publish
          }
        }
        yield* inner.start
        yield* opened.sink.flush
        // What was stored and not yet acknowledged at an end may come again.
        assert.deepStrictEqual([...new Set(ids(inner.stored))], ids(records(0, published)))
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40 } }
  )

  it.effect("takes over at once when too much waits in memory, and again after that", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      for (const round of [1, 2]) {
        const from = inner.stored.length
        yield* inner.stop
        for (let n = 0; n < 300; n += 20) yield* opened.sink.publish(records(from + n, 20))
        assert.lengthOf(opened.says(/until they can be stored/), round)
        assert.match(String(opened.says(/until/).at(-1)?.annotations["reason"]), /bytes wait in memory/)
        yield* inner.start
        yield* opened.sink.flush
        yield* until(() => opened.says(/drained/).length === round)
      }
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 600)))
    })
  )

  it.effect("fails with its sink", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      yield* inner.stop
      yield* opened.sink.publish(records(0, 5))
      yield* engage(opened)
      const flush = yield* Effect.forkChild(Effect.flip(opened.sink.flush))
      yield* inner.fail(new SinkError({ message: "no more" }))
      yield* opened.sink.publish(records(5, 5))
      yield* inner.start
      assert.strictEqual((yield* Fiber.join(flush)).message, "no more")
      assert.strictEqual((yield* Effect.flip(opened.sink.publish(records(10, 1)))).message, "no more")
      yield* opened.close
      assert.isNotEmpty(segments(dir))
    })
  )

  it.effect("hands over to the next process what cannot be stored at the stop", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir)
      yield* inner.stop
      yield* first.sink.publish(records(0, 10))
      yield* first.sink.publish([record(10), record(11), record(12, "kline_1m", "BTCUSDT")])
      assert.strictEqual(yield* first.sink.surrender, 0)
      assert.deepInclude(first.says(/the next start stores them/)[0]?.annotations, { records: 13 })
      // Who publishes still is heard.
      yield* first.sink.publish([record(13)])
      yield* first.close
      yield* inner.forget

      const second = yield* open(inner, dir)
      assert.deepInclude(second.says(/since the last run/)[0]?.annotations, { records: 14 })
      yield* second.sink.publish(records(14, 6))
      yield* second.sink.flush
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 20)))
      assert.deepStrictEqual(
        Array.from((yield* second.spool.held).streams, ([stream, { inOrder }]) => [stream, inOrder.at(-1)?.last]),
        [
          ["btcusdt@trade", 9],
          ["ethusdt@trade", 13],
          ["bnbusdt@trade", 11]
        ]
      )
    })
  )

  it.effect("hands over what waits on the disk already, too", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const first = yield* open(inner, dir)
      yield* inner.stop
      yield* first.sink.publish(records(0, 10))
      yield* engage(first)
      yield* first.sink.publish(records(10, 90))
      assert.strictEqual(yield* first.sink.surrender, 0)
      yield* first.close
      yield* inner.forget
      const second = yield* open(inner, dir)
      yield* second.sink.flush
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 100)))
    })
  )

  it.effect("has everything on the disk before `publish` completes with SPOOL=always", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      yield* inner.stop
      const first = yield* open(inner, dir, { mode: "always", fsync: true })
      for (let from = 0; from < 100; from += 10) yield* first.sink.publish(records(from, 10))
      assert.strictEqual(yield* first.sink.pending, 100)
      // Ends without a stop.
      yield* first.close
      yield* inner.forget
      const second = yield* open(inner, dir, { mode: "always" })
      yield* second.sink.publish(records(100, 10))
      yield* second.sink.flush
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 110)))
      assert.strictEqual(yield* second.sink.pending, 0)
      assert.isEmpty(second.says(/until they can be stored/))
      yield* second.close
      assert.isEmpty(segments(dir))
    })
  )

  it.effect("keeps no more than SPOOL_MAX_BYTES, says of each stream what is missing, and goes on", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir, { maxBytes: 80 * SIZE })
      const told: Array<Overflow> = []
      yield* opened.spool.overflow.pipe(
        Stream.runForEach((overflow) => Effect.sync(() => told.push(overflow))),
        Effect.forkScoped
      )
      yield* TestClock.adjust(0)
      yield* inner.stop
      yield* opened.sink.publish([record(0)])
      yield* engage(opened)
      const digest = "ticker"
      const ticker = (n: number): SinkRecord => ({
        ...record(n, digest, "BTCUSDT"),
        headers: { "event-id": `binance:spot:ticker:BTCUSDT:${n}:0badcafe` }
      })
      let n = 1
      for (; opened.says(/are not kept/).length === 0; n++) yield* opened.sink.publish([record(n, "trade", "BTCUSDT")])
      const missing = n - 1
      for (; n < 1000; n++) yield* opened.sink.publish([record(n, "trade", "BTCUSDT")])
      for (; n < 1500; n++) yield* opened.sink.publish([ticker(n)])
      const notKept = opened.says(/are not kept/).map(({ annotations }) => Number(annotations["records"]))
      assert.isAtMost(yield* opened.sink.pending, 80)
      const pending = yield* opened.sink.pending
      assert.strictEqual(
        notKept.reduce((sum, records) => sum + records, 0),
        1500 - pending
      )
      yield* inner.start
      yield* opened.sink.flush
      yield* until(() => opened.says(/drained/).length === 1)
      assert.lengthOf(opened.says(/has room again/), 1)
      assert.deepInclude(opened.says(/drained/)[0]?.annotations, { notKept: 1500 - pending })
      yield* until(() => told.length === 1)
      assert.deepInclude(told[0], { stream: "btcusdt@ticker", from: 1000, to: 1499, replayable: false, records: 500 })
      // In order up to the first that is missing; what was on its way is held back, until it is asked what there is to fetch.
      yield* opened.sink.publish([record(1500, "trade", "BTCUSDT")])
      yield* opened.spool.drained.pipe(Stream.take(1), Stream.runDrain)
      const fetchable = { stream: "btcusdt@trade", from: missing, to: 1500, replayable: true, late: false }
      const [trades, ...others] = yield* opened.spool.readmit
      assert.deepInclude(trades, { ...fetchable, records: 1001 - missing })
      assert.isEmpty(others)
      yield* opened.sink.publish([record(missing, "trade", "BTCUSDT")])
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, missing + 1)))
    })
  )

  it.effect("catches up with SPOOL=always after a full disk that held nothing", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      mkdirSync(join(dir, "spool"))
      const path = join(dir, "spool", "0000000000000001.seg")
      symlinkSync("/dev/full", path)
      const opened = yield* open(yield* makeInner, dir, { mode: "always" })
      yield* opened.sink.publish([record(0, "trade", "BTCUSDT")])
      rmSync(path)
      yield* TestClock.adjust("10 seconds")
      yield* opened.spool.drained.pipe(Stream.take(1), Stream.runDrain)
      assert.deepInclude((yield* opened.spool.readmit)[0], { stream: "btcusdt@trade", from: 0, to: 0 })
    })
  )

  it.effect("says what a full disk did not take of what is to be said", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      mkdirSync(join(dir, "spool"))
      const path = join(dir, "spool", "0000000000000001.seg")
      symlinkSync("/dev/full", path)
      const inner = yield* makeInner
      const opened = yield* open(inner, dir, { mode: "always" })
      const gap = {
        topic: "continuity",
        key: "btcusdt@trade",
        timestamp: 0,
        headers: { "event-id": "gap-opened:11-29" },
        value: Buffer.from("{}")
      }
      yield* opened.sink.publish([gap, record(30, "trade", "BTCUSDT")])
      rmSync(path)
      yield* TestClock.adjust("10 seconds")
      yield* opened.spool.drained.pipe(Stream.take(1), Stream.runDrain)
      assert.deepInclude((yield* opened.spool.readmit)[0], { stream: "btcusdt@trade", from: 30, to: 30 })
      yield* opened.sink.publish([record(30, "trade", "BTCUSDT")])
      yield* opened.sink.flush
      assert.include(
        inner.stored.map(({ headers }) => headers["event-id"]),
        "gap-opened:11-29"
      )
    })
  )

  it.effect("stays in memory where DATA_DIR cannot be written, and says so", () =>
    Effect.gen(function* () {
      const dir = join(yield* temporaryFolder, "file")
      writeFileSync(dir, "")
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      const [warning] = opened.says(/There is no spool/)
      assert.strictEqual(warning?.level, "Warn")
      assert.deepInclude(warning?.annotations, { folder: join(dir, "spool"), see: "DATA_DIR, SPOOL" })
      yield* inner.stop
      yield* opened.sink.publish(records(0, 300))
      assert.strictEqual(yield* opened.sink.surrender, 300)
      const error = yield* Effect.flip(open(inner, dir, { mode: "always" }))
      assert.match(error.message, /^DATA_DIR: cannot write .*spool: .*; SPOOL=always needs a folder/)
    })
  )

  it.effect("stays in memory while the disk takes nothing, and moves there when it does", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const folder = join(dir, "spool")
      const inner = yield* makeInner
      const opened = yield* open(inner, dir)
      rmSync(folder, { recursive: true })
      yield* inner.stop
      yield* opened.sink.publish(records(0, 50))
      yield* opened.sink.publish(records(50, 100))
      yield* opened.sink.publish(records(150, 1))
      yield* TestClock.adjust("1 minute")
      yield* until(() => opened.says(/Cannot write the spool/).length === 1)
      assert.isEmpty(opened.says(/until they can be stored/))
      mkdirSync(folder)
      yield* engage(opened)
      assert.lengthOf(opened.says(/Cannot write the spool/), 1)
      yield* opened.sink.publish(records(151, 1))
      yield* inner.start
      yield* opened.sink.flush
      assert.deepStrictEqual(ids(inner.stored), ids(records(0, 152)))
    })
  )

  it.effect("ends with SPOOL=always where the disk takes nothing any more", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      const opened = yield* open(inner, dir, { mode: "always" })
      rmSync(join(dir, "spool"), { recursive: true })
      const error = yield* Effect.flip(opened.sink.publish(records(0, 1)))
      assert.match(error.message, /^DATA_DIR: cannot write .*spool: ENOENT.*; SPOOL=always keeps records there/)
    })
  )

  it.effect("counts and leaves out what is damaged", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const inner = yield* makeInner
      yield* inner.stop
      const first = yield* open(inner, dir, { mode: "always" })
      for (let n = 0; n < 60; n++) yield* first.sink.publish([record(n)])
      yield* first.close
      yield* inner.forget
      const [, file = ""] = segments(dir).toSorted()
      const path = join(dir, "spool", file)
      const bytes = readFileSync(path)
      bytes[60] = ~(bytes[60] ?? 0)
      writeFileSync(path, bytes)
      const second = yield* open(inner, dir)
      yield* second.sink.flush
      const missing = Number.parseInt(file, 10) - 1
      assert.deepStrictEqual(
        ids(inner.stored),
        ids(records(0, 60)).filter((n) => n !== missing)
      )
      assert.deepInclude(second.says(/damaged/)[0]?.annotations, { records: 1 })
    })
  )
})
