/**
 * A spool over a sink: what the sink does not store waits in `DATA_DIR/spool`, so that neither an outage nor a stop without
 * Kafka loses anything, and memory does not grow.
 *
 * `SPOOL=auto`: batches pass through while the sink stores. When it stands still, or too much waits in it, it gives back what
 * waits, and that and all that follows goes to the disk; from there it is sent in order, a bounded amount at a time, until the
 * disk is empty and batches pass through again. `always`: every batch is written first. Per key the order is that of
 * `publish` throughout, over restarts too.
 */
import { join, resolve } from "node:path"
import {
  Cause,
  Clock,
  Context,
  Deferred,
  Duration,
  Effect,
  Fiber,
  Latch,
  Layer,
  Metric,
  Option,
  Schedule,
  Semaphore
} from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { nothingStored, Positions } from "../services/Positions.ts"
import { ReleasableSink } from "../services/ReleasableSink.ts"
import { Spool } from "../services/Spool.ts"
import { Status } from "../services/Status.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import type { StoreError } from "./spool/files.ts"
import { overflowRecord } from "../pipeline/overflowRecord.ts"
import { Instance } from "../services/Instance.ts"
import * as Age from "./spool/Age.ts"
import * as Held from "./spool/held.ts"
import * as Mode from "./spool/Mode.ts"
import * as Shortage from "./spool/Shortage.ts"
import * as Statements from "./spool/statements.ts"
import * as Store from "./spool/Store.ts"
import * as Stored from "./spool/stored.ts"

const MIB = 1024 * 1024

/** When it is engaged, and what it holds at a time. */
export class SpoolLimits extends Context.Reference<{
  /** Nothing is stored for so long though something waits. */
  readonly stall: Duration.Duration
  /** So much memory waits in the sink: half of what it can hold. */
  readonly waitingBytes: number
  /** So much is read from the disk and sent before more is. */
  readonly drainBytes: number
  readonly segmentBytes: number
}>("binance-kafka/layers/SpoolLimits", {
  defaultValue: () => ({
    stall: Duration.seconds(5),
    waitingBytes: 32 * MIB,
    drainBytes: 2 * MIB,
    segmentBytes: 8 * MIB
  })
}) {}

/** A stall is seen so many times within the time that it may last. */
const LOOKS = 20

const READ_RETRY = Duration.seconds(5)

/** A stop does not wait longer for its turn. */
const SURRENDER_TURN = Duration.seconds(1)

const over = Effect.fnUntraced(function* (sink: ReleasableSink["Service"], store: Store.Store, folder: string) {
  const { binance, spool: settings, topics } = yield* AppConfig
  const instance = yield* Instance
  const positions = yield* Positions
  const limits = yield* SpoolLimits
  const { spool: shown } = yield* Status
  const always = settings.mode === "always"
  const shortage = yield* Shortage.make(folder)
  /** Held by whoever publishes, or changes the mode. */
  const turn = yield* Semaphore.make(1)
  const work = yield* Latch.make(false)
  const waits = new Set<{ readonly target: number; readonly done: Deferred.Deferred<void, SinkError> }>()

  let mode: Mode.Mode = "Direct"
  let failure: SinkError | undefined
  /** The numbers of records on the disk that the sink has as well: it may have stored them already, and sends them itself. */
  let kept = { from: 0, to: 0 }
  /** How often the sink was relieved. */
  let takeOvers = 0
  /** Since when (Unix ms) and from which number on it is engaged; `always` is so from the start. */
  let engaged: { readonly since: number; readonly from: number } | undefined
  /** Records that went directly to the sink. */
  let passed = 0

  const check = Effect.suspend(() => (failure === undefined ? Effect.void : Effect.fail(failure)))

  const fail = (error: SinkError) =>
    Effect.sync(() => {
      failure ??= error
      for (const { done } of waits) Deferred.doneUnsafe(done, Effect.fail(error))
      waits.clear()
    })

  const unwritable = (reason: string) =>
    new SinkError({
      message: `DATA_DIR: cannot write ${folder}: ${reason}; SPOOL=${settings.mode} keeps records there, SPOOL=off does not`
    })

  const clock = yield* Clock.Clock
  const age = Age.make()
  yield* plain.gauge(Telemetry.spoolLimitBytes, () => settings.maxBytes)
  yield* plain.gauge(Telemetry.spoolOldestAge, () => Math.floor(age.oldest(clock.currentTimeMillisUnsafe()) / 1000))

  const report = Effect.suspend(() => {
    const { bytes, end, head } = store.status()
    age.appended(end, clock.currentTimeMillisUnsafe())
    age.stored(head)
    Object.assign(shown, { isOpen: true, bytes, records: end - head, since: engaged?.since ?? null })
    return Effect.andThen(Metric.update(Telemetry.spoolBytes, bytes), Metric.update(Telemetry.spoolRecords, end - head))
  })

  const statements = yield* Statements.make(shortage)
  const state = Effect.fnUntraced(function* (said: ReadonlyArray<SinkRecord>) {
    const { records } = yield* store.append(statements.completed(said, yield* Clock.currentTimeMillis), "unlimited")
    if (records > 0) work.openUnsafe()
  })

  /** To the disk, behind all that is there. */
  const keep = Effect.fnUntraced(function* (batch: ReadonlyArray<SinkRecord>) {
    const admitted = yield* shortage.admit(batch.filter((record) => !statements.is(record)))
    const { fault, records } = yield* store.append(admitted)
    if (fault !== undefined && !(fault.kind === "broken" && always)) {
      yield* shortage.refuse(admitted.slice(records), fault.reason)
    }
    yield* state(batch.filter(statements.is))
    if (records > 0) work.openUnsafe()
    if (fault?.kind === "broken" && always) return yield* unwritable(fault.reason)
    if (fault === undefined && records > 0) yield* shortage.hasRoom
    yield* report
  }, Effect.uninterruptible)

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
      yield* state(rest.filter(statements.is))
    }
    yield* report
    return { records, untried, lost, fault }
  })

  /** Where the sink stands, seen from here: it may start anew with its patience. */
  let progress = { stored: 0, since: 0, notBefore: 0 }

  const engage = Effect.fnUntraced(function* (reason: string) {
    const now = yield* Clock.currentTimeMillis
    const { end } = store.status()
    mode = Mode.step(mode, "stalled")
    const { fault, records, untried } = yield* takeOver()
    if (records === 0) {
      mode = Mode.step(mode, "unkept")
      yield* sink.publish(untried)
      const patient = progress.notBefore > 0
      progress = { ...progress, since: now, notBefore: now + Duration.toMillis(limits.stall) }
      if (fault === undefined || patient) return
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

  const isStalled = Effect.fnUntraced(function* () {
    const now = yield* Clock.currentTimeMillis
    const pending = yield* sink.pending
    const stored = passed - pending
    if (pending === 0 || stored > progress.stored) progress = { stored, since: now, notBefore: 0 }
    if (now < progress.notBefore) return undefined
    if (now - progress.since >= Duration.toMillis(limits.stall)) {
      return `nothing was stored for ${Duration.format(limits.stall)}`
    }
    const bytes = yield* sink.waitingBytes
    return bytes < limits.waitingBytes ? undefined : `${bytes} bytes wait in memory`
  })

  const engageIfStalled = Effect.gen(function* () {
    if (mode !== "Direct") return
    const reason = yield* isStalled()
    if (reason !== undefined) yield* engage(reason)
  })

  const pass = Effect.fnUntraced(function* (batch: ReadonlyArray<SinkRecord>) {
    const admitted = statements.completed(yield* shortage.admit(batch), yield* Clock.currentTimeMillis)
    yield* sink.publish(admitted)
    passed += admitted.length
  })

  const publish = (batch: ReadonlyArray<SinkRecord>) =>
    check.pipe(
      Effect.andThen(Effect.suspend(() => (mode === "Direct" ? engageIfStalled : Effect.void))),
      Effect.andThen(Effect.suspend(() => (Mode.placeOf(mode) === "sink" ? pass(batch) : keep(batch)))),
      Semaphore.withPermit(turn)
    )

  const watch = Effect.gen(function* () {
    for (;;) {
      yield* Effect.sleep(Duration.divideUnsafe(limits.stall, LOOKS))
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
      passed = yield* sink.pending
      kept = { from: 0, to: 0 }
    }
    const now = yield* Clock.currentTimeMillis
    progress = { stored: 0, since: now, notBefore: 0 }
    const notKept = yield* shortage.emptied
    yield* report
    if (engaged === undefined) return
    const after = Duration.format(Duration.millis(now - engaged.since))
    yield* Effect.logInfo("The spool is drained: everything in it is stored").pipe(
      Effect.annotateLogs({ records: end - engaged.from, notKept, after })
    )
    engaged = undefined
    yield* report
  }).pipe(Effect.uninterruptible)

  const read = store.read(limits.drainBytes).pipe(
    Effect.tapError((error) =>
      Effect.logError("Cannot read the spool: trying again").pipe(
        Effect.annotateLogs({ folder, reason: error.message, see: "DATA_DIR" })
      )
    ),
    Effect.retry(Schedule.spaced(READ_RETRY))
  )

  const countDamaged = Effect.fnUntraced(function* (records: number) {
    if (records === 0) return
    yield* Metric.update(Telemetry.spoolDamagedRecords, records)
    yield* Effect.logError("Records in the spool are damaged: they are left out").pipe(
      Effect.annotateLogs({ records, folder })
    )
  })

  const acknowledge = Effect.fnUntraced(function* (end: number) {
    yield* store.ack(end)
    mode = Mode.step(mode, "stored")
    for (const wait of waits) {
      if (wait.target <= end && waits.delete(wait)) Deferred.doneUnsafe(wait.done, Effect.void)
    }
    yield* report
  }, Effect.uninterruptible)

  const drain = Effect.gen(function* () {
    // Of what an earlier process left, some may be stored.
    const { stands } = held ? yield* positions.load(binance.streams) : nothingStored
    const remaining = Stored.remaining(binance.streams, stands, held ? yield* sink.newest(left.places) : new Set())
    for (;;) {
      // On a full disk with nothing on it nobody would ever say again that it is drained.
      yield* always ? Effect.timeoutOption(work.await, READ_RETRY) : work.await
      const { damaged, end, entries } = yield* read
      yield* countDamaged(damaged)
      const ours = entries.filter(({ number }) => number >= left.end && (number < kept.from || number >= kept.to))
      const theirs = entries
        .filter(({ number }) => number < left.end)
        .map(({ record }) => record)
        // Where streams stood is old by now.
        .filter(({ topic }) => topic !== topics.positions)
      if (entries.length > 0) {
        yield* sink.publish([...remaining(theirs), ...ours.map(({ record }) => record)])
        yield* sink.stored
      }
      if (end > store.status().head) yield* acknowledge(end)
      if (entries.length === 0) yield* Semaphore.withPermit(turn, finish)
    }
  })

  /** What waits is between the sink and the disk for a moment: neither would tell the truth then. */
  const inPlace = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() =>
      Mode.placeOf(mode) === undefined
        ? Effect.andThen(Semaphore.withPermit(turn, Effect.void), inPlace(effect))
        : effect
    )

  const flush: Effect.Effect<void, SinkError> = inPlace(
    Effect.suspend(() => {
      if (failure !== undefined) return Effect.fail(failure)
      const before = takeOvers
      if (mode === "Direct") {
        return Effect.andThen(
          sink.flush,
          // What was taken out of the sink counts for it as flushed.
          Effect.suspend(() => (takeOvers === before ? Effect.void : flush))
        )
      }
      const { end, head } = store.status()
      if (head >= end) return Effect.void
      const wait = { target: end, done: Deferred.makeUnsafe<void, SinkError>() }
      waits.add(wait)
      return Deferred.await(wait.done)
    })
  )

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
  if (held || always) mode = Mode.step(Mode.step(mode, "stalled"), "kept")
  if (left.since !== undefined) age.appended(left.end, left.since)
  if (held) {
    engaged = { since: yield* Clock.currentTimeMillis, from: left.head }
    work.openUnsafe()
    yield* Effect.logInfo("Records wait on the disk since the last run: they are stored first").pipe(
      Effect.annotateLogs({ folder, records: left.end - left.head })
    )
  }
  yield* report
  progress = { ...progress, since: yield* Clock.currentTimeMillis }

  const fork = (run: Effect.Effect<never, SinkError | StoreError>) =>
    run.pipe(
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.void
        const error = Cause.squash(cause)
        return fail(
          error instanceof SinkError ? error : new SinkError({ message: "the spool is broken", cause: error })
        )
      }),
      Effect.forkScoped
    )
  const drainer = yield* fork(drain)
  const watcher = yield* fork(watch)

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
      yield* state(
        (yield* shortage.untold).map((one) => overflowRecord({ topic: topics.continuity, instance, at }, one))
      )
      const { end, head } = store.status()
      if (head < end) {
        yield* Effect.logWarning(
          "Records wait on the disk: the next start stores them, if it finds this folder (DATA_DIR)"
        ).pipe(Effect.annotateLogs({ records: end - head, folder }))
      }
      return lost
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
    const { dataDir, spool } = yield* AppConfig
    const { segmentBytes } = yield* SpoolLimits
    const sink = yield* ReleasableSink
    const alone = Context.make(EventSink, sink)
    if (spool.mode === "off") return alone
    const folder = resolve(join(dataDir, "spool"))
    const options = {
      folder,
      maxBytes: spool.maxBytes,
      // Room comes back by whole segments.
      segmentBytes: Math.min(segmentBytes, Math.floor(spool.maxBytes / 8)),
      fsync: spool.fsync
    }
    const store = yield* Store.open(options).pipe(
      Effect.asSome,
      Effect.catchTag("StoreError", (error) =>
        spool.mode === "always"
          ? Effect.fail(
              new SinkError({
                message: `DATA_DIR: cannot write ${folder}: ${error.message}; SPOOL=always needs a folder that can be written, for example ./data`,
                cause: error
              })
            )
          : Effect.logWarning(
              "There is no spool: what Kafka does not store waits in memory alone, and a stop without Kafka loses it"
            ).pipe(
              Effect.annotateLogs({ folder, reason: error.message, see: "DATA_DIR, SPOOL" }),
              Effect.as(Option.none())
            )
      )
    )
    return Option.isNone(store) ? alone : yield* over(sink, store.value, folder)
  })
)
