/**
 * A spool over a sink: what the sink does not store waits in `DATA_DIR/spool`, so that neither an outage nor a stop without
 * Kafka loses anything, and memory does not grow.
 *
 * `SPOOL=auto`: batches pass through while the sink stores. When it stands still, or too much waits in it, it gives back what
 * waits, and that and all that follows goes to the disk; from there it is sent in order, a bounded amount at a time, until the
 * disk is empty and batches pass through again. `always`: every batch is written first. Per key the order is that of
 * `publish` throughout, over restarts too.
 */
import { Clock, Context, Duration, Effect, Fiber, Latch, Layer, Option, Semaphore } from "effect"
import { overflowRecord } from "../pipeline/overflowRecord.ts"
import { wholeMultiple } from "../pipeline/wholeSecond.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { Instance } from "../services/Instance.ts"
import { ReleasableSink } from "../services/ReleasableSink.ts"
import { Spool } from "../services/Spool.ts"
import * as Drain from "./spool/Drain.ts"
import * as Flushes from "./spool/Flushes.ts"
import * as Held from "./spool/held.ts"
import * as Keeping from "./spool/Keeping.ts"
import { SpoolLimits } from "./spool/Limits.ts"
import * as Mode from "./spool/Mode.ts"
import { open } from "./spool/open.ts"
import * as Report from "./spool/Report.ts"
import * as Shortage from "./spool/Shortage.ts"
import * as Stall from "./spool/Stall.ts"
import * as Statements from "./spool/statements.ts"
import type { Store } from "./spool/Store.ts"
import * as Writable from "./spool/Writable.ts"

export { SpoolLimits }

/** A stall is seen so many times within the time that it may last. */
const LOOKS = 5

/** Between two looks whether there is room. */
const ROOM_EVERY = Duration.millis(5)

/** A stop does not wait longer for its turn. */
const SURRENDER_TURN = Duration.seconds(1)

const over = Effect.fnUntraced(function* (sink: ReleasableSink["Service"], store: Store, folder: string) {
  const { binance, spool: settings, topics } = yield* AppConfig
  const instance = yield* Instance
  const limits = yield* SpoolLimits
  const always = settings.mode === "always"
  const shortage = yield* Shortage.make(folder)
  /** Held by whoever publishes, or changes the mode. */
  const turn = yield* Semaphore.make(1)
  const work = yield* Latch.make(false)
  const flushes = Flushes.make()
  const stall = yield* Stall.make(sink)
  const clock = yield* Clock.Clock

  let mode: Mode.Mode = "Direct"
  /** The numbers of records on the disk that the sink has as well: it may have stored them already, and sends them itself. */
  let kept = { from: 0, to: 0 }
  /** How often the sink was relieved. */
  let takeOvers = 0
  /** Since when (Unix ms) and from which number on it is engaged; `always` is so from the start. */
  let engaged: { readonly since: number; readonly from: number } | undefined

  const unwritable = (reason: string) =>
    new SinkError({
      message: `DATA_DIR: cannot write ${folder}: ${reason}; SPOOL=${settings.mode} keeps records there, SPOOL=off does not`
    })

  const status = store.status()
  const held = status.head < status.end
  const left = {
    ...status,
    ...(yield* Held.find(store, limits.drainBytes).pipe(
      Effect.mapError(
        (error) => new SinkError({ message: `DATA_DIR: cannot read ${folder}: ${error.message}`, cause: error })
      )
    ))
  }
  const shown = yield* Report.make(store, left)
  const report = Effect.suspend(() => shown.now(engaged?.since))

  const statements = yield* Statements.make(shortage)
  const keeping = Keeping.make({
    store,
    shortage,
    statements,
    isLast: always,
    unwritable,
    kept: () => void work.openUnsafe()
  })
  const keep = (batch: ReadonlyArray<SinkRecord>) => Effect.uninterruptible(Effect.andThen(keeping.keep(batch), report))

  /** Moves what waits in the sink to the disk; gives how much of it that could not take. */
  const takeOver = Effect.fnUntraced(function* () {
    takeOvers++
    const { tried, untried } = yield* sink.release
    const all = [...tried, ...untried]
    const from = store.status().end
    const { fault, records } = yield* store.append(all)
    kept = { from, to: from + Math.min(records, tried.length) }
    // What was tried the sink has still.
    const rest = all.slice(Math.max(records, tried.length))
    const lost = rest.filter((record) => !statements.is(record))
    if (records > 0) {
      if (fault !== undefined) yield* shortage.refuse(lost, fault.reason)
      yield* keeping.state(rest.filter(statements.is))
    }
    yield* report
    return { records, untried, lost, fault }
  })

  const engage = Effect.fnUntraced(function* (reason: string) {
    const now = yield* Clock.currentTimeMillis
    const { end } = store.status()
    mode = Mode.step(mode, "stalled")
    const { fault, records, untried } = yield* takeOver()
    if (records === 0) {
      mode = Mode.step(mode, "unkept")
      yield* sink.publish(untried)
      const wasPatient = stall.patience()
      if (fault === undefined || wasPatient) return
      return yield* Effect.logWarning("Cannot write the spool: records wait in memory, as far as that goes").pipe(
        Effect.annotateLogs({ folder, reason: fault.reason, see: "DATA_DIR, SPOOL, SPOOL_MAX_BYTES" })
      )
    }
    mode = Mode.step(mode, "kept")
    engaged = { since: now, from: end }
    yield* report
    yield* Effect.logWarning("Records wait on the disk until they can be stored").pipe(
      Effect.annotateLogs({ reason, folder, records })
    )
    work.openUnsafe()
  }, Effect.uninterruptible)

  const engageIfStalled = Effect.suspend(() => {
    const reason = mode === "Direct" ? stall.reason() : undefined
    return reason === undefined ? Effect.void : engage(reason)
  })

  const pass = Effect.fnUntraced(function* (batch: ReadonlyArray<SinkRecord>) {
    const completed = statements.completed(yield* shortage.admit(batch), clock.currentTimeMillisUnsafe())
    const admitted = [...keeping.takeUnsaid(), ...completed]
    yield* sink.publish(admitted)
    stall.passed(admitted.length)
  })

  /** Lets the sink store some of what it has, as long as it is not relieved. */
  const room: Effect.Effect<void, SinkError> = Effect.andThen(
    engageIfStalled,
    Effect.suspend(() =>
      mode === "Direct" && stall.isFull()
        ? Effect.sleep(ROOM_EVERY).pipe(Effect.andThen(flushes.check), Effect.andThen(room))
        : Effect.void
    )
  )

  const publish = (batch: ReadonlyArray<SinkRecord>) =>
    flushes.check.pipe(
      Effect.andThen(room),
      Effect.andThen(Effect.suspend(() => (Mode.placeOf(mode) === "sink" ? pass(batch) : keep(batch)))),
      Semaphore.withPermit(turn)
    )

  const watch = Effect.gen(function* () {
    for (;;) {
      yield* wholeMultiple(Duration.divideUnsafe(limits.stall, LOOKS))
      if (mode === "Direct") yield* Semaphore.withPermit(turn, engageIfStalled)
    }
  })

  /** Nothing waits on the disk: batches pass through again. */
  const finish = Effect.gen(function* () {
    const { end, head } = store.status()
    if (head < end) return
    work.closeUnsafe()
    if (!always) {
      yield* store.compact
      mode = Mode.step(mode, "emptied")
      kept = { from: 0, to: 0 }
    }
    const now = yield* Clock.currentTimeMillis
    stall.restart()
    const notKept = yield* shortage.emptied
    const since = engaged
    engaged = undefined
    yield* report
    if (since === undefined) return
    yield* Effect.logInfo("The spool is drained: everything in it is stored").pipe(
      Effect.annotateLogs({
        records: end - since.from,
        notKept,
        after: Duration.format(Duration.millis(now - since.since))
      })
    )
  }).pipe(Effect.uninterruptible)

  const acknowledge = Effect.fnUntraced(function* (end: number) {
    yield* store.ack(end)
    mode = Mode.step(mode, "stored")
    flushes.stored(end)
    yield* report
  }, Effect.uninterruptible)

  /** What waits is between the sink and the disk for a moment: neither would tell the truth then. */
  const inPlace = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() =>
      Mode.placeOf(mode) === undefined
        ? Effect.andThen(Semaphore.withPermit(turn, Effect.void), inPlace(effect))
        : effect
    )

  const flush: Effect.Effect<void, SinkError> = inPlace(
    Effect.gen(function* () {
      yield* flushes.check
      const before = takeOvers
      if (mode === "Direct") {
        yield* sink.flush
        // What was taken out of the sink counts for it as flushed.
        return yield* takeOvers === before ? Effect.void : flush
      }
      const { end, head } = store.status()
      return yield* head >= end ? Effect.void : flushes.until(end)
    })
  )

  if (held || always) mode = Mode.step(Mode.step(mode, "stalled"), "kept")
  if (held) {
    engaged = { since: yield* Clock.currentTimeMillis, from: left.head }
    work.openUnsafe()
    yield* Effect.logInfo("Records wait on the disk since the last run: they are stored first").pipe(
      Effect.annotateLogs({ folder, records: left.end - left.head })
    )
  }
  yield* report
  stall.restart()

  const drainer = yield* Effect.forkScoped(
    flushes.failing(
      Drain.run({
        folder,
        store,
        sink,
        left,
        work,
        isKept: (number) => number >= kept.from && number < kept.to,
        stored: acknowledge,
        emptied: Semaphore.withPermit(turn, finish)
      })
    )
  )
  const watcher = yield* Effect.forkScoped(flushes.failing(watch))

  const surrender = Effect.gen(function* () {
    yield* Fiber.interruptAll([drainer, watcher])
    const yielded = yield* Effect.gen(function* () {
      let lost = 0
      if (mode === "Direct") {
        mode = Mode.step(mode, "stalled")
        const taken = yield* takeOver()
        lost = Math.max(0, (yield* sink.pending) - (kept.to - kept.from)) + taken.lost.length
        mode = Mode.step(mode, "kept")
      }
      const at = yield* Clock.currentTimeMillis
      yield* keeping.state(
        (yield* shortage.untold).map((one) =>
          overflowRecord({ market: binance.market.name, topic: topics.continuity, instance, at }, one)
        )
      )
      const { end, head } = store.status()
      if (head < end) {
        yield* Effect.logWarning(
          "Records wait on the disk: the next start stores them, if it finds this folder (DATA_DIR)"
        ).pipe(Effect.annotateLogs({ records: end - head, folder }))
      }
      return lost + keeping.unsaid()
    }).pipe(
      Effect.uninterruptible,
      Semaphore.withPermit(turn),
      // Somebody publishes and waits for a sink that takes no more.
      Effect.timeoutOption(SURRENDER_TURN)
    )
    return Option.isSome(yielded) ? yielded.value : yield* sink.pending
  })

  return Context.make(
    EventSink,
    EventSink.of({
      publish,
      flush,
      pending: inPlace(
        Effect.suspend(() => {
          const { end, head } = store.status()
          return mode === "Direct" ? sink.pending : Effect.succeed(end - head)
        })
      ),
      surrender
    })
  ).pipe(
    Context.add(Spool, {
      held: Effect.succeed(left.held),
      overflow: shortage.overflow,
      drained: shortage.drained,
      readmit: shortage.readmit
    })
  )
})

/** Over the `ReleasableSink`, as `SPOOL` says. */
export const layer = Layer.effectContext(
  Effect.gen(function* () {
    const sink = yield* ReleasableSink
    const opened = yield* open
    if (Option.isNone(opened)) return Context.make(EventSink, sink)
    return yield* over(sink, yield* Writable.watched(opened.value.store), opened.value.folder)
  })
)
