/**
 * The way of a message: frames from the feed, decoded, put in order and made into records chunk by chunk by a reader; a
 * bounded queue; batches by size or time, published by a writer. What was missed comes from the exchange's history, in the
 * same turn as what is live. A slow sink fills the queue, a full queue stops the reader, and the feed reads its sockets
 * slower.
 *
 * It begins where the sink says that it stands. It ends when the feed does, when the sink cannot go on, or when interrupted;
 * in every case what was received is published and flushed first, within `STOP_DEADLINE`.
 */
import {
  type Cause,
  Context,
  Data,
  Duration,
  Effect,
  Fiber,
  Latch,
  Option,
  Queue,
  Schedule,
  Semaphore,
  Stream
} from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink } from "../services/EventSink.ts"
import { type FeedNotice, type Frame, MarketFeed } from "../services/MarketFeed.ts"
import { MarketHistory } from "../services/MarketHistory.ts"
import { Spool } from "../services/Spool.ts"
import { Status } from "../services/Status.ts"
import * as Streams from "../services/Streams.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as Traces from "../services/Traces.ts"
import * as BatchTrace from "./BatchTrace.ts"
import * as Closers from "./Closers.ts"
import * as Chunks from "./Chunks.ts"
import type { Statement } from "./ContinuityRecord.ts"
import * as GapReport from "./GapReport.ts"
import * as GapTrace from "./GapTrace.ts"
import { overflowStatement } from "./overflowRecord.ts"
import * as Latency from "./Latency.ts"
import * as Linger from "./linger.ts"
import * as Outlet from "./Outlet.ts"
import * as Pacer from "./Pacer.ts"
import * as Refill from "./Refill.ts"
import * as Reshape from "./Reshape.ts"
import * as Resume from "./Resume.ts"
import * as Sequencer from "./Sequencer.ts"
import type { Position } from "./Standing.ts"
import * as Watch from "./Watch.ts"

/** Records between reader and writer: a few chunks; the sink holds the rest. */
const QUEUE_RECORDS = 2048

/** Bytes of events that wait for what was missed before them, or for their turn. */
export class ParkedLimit extends Context.Reference<number>("binance-kafka/pipeline/ParkedLimit", {
  defaultValue: () => 64 * 1024 * 1024
}) {}

/** How often it is looked whether the queue and the writer are done. */
const ON_THEIR_WAY = Schedule.spaced("20 millis")

/** Leaves connections and exporters 3 s of the 10 s that a container is given to stop; `Launch` holds them to it. */
const STOP_DEADLINE = Duration.seconds(7)

/** Stopped with records that the sink could not store in time. */
export class Unstored extends Data.TaggedError("Unstored")<{ readonly records: number }> {
  override get message() {
    return `stopped with at least ${this.records} records not stored: the sink did not take them within ${Duration.format(STOP_DEADLINE)}`
  }
}

/** Runs until the feed ends; see above for the other ends. */
export const run = Effect.gen(function* () {
  const { batch, gaps } = yield* AppConfig
  const { changes, streams } = yield* (yield* Streams.streams).follow
  const feed = yield* MarketFeed
  const history = yield* MarketHistory
  const sink = yield* EventSink
  const spool = yield* Spool
  const queue = yield* Queue.bounded<SinkRecord, Cause.Done>(QUEUE_RECORDS)
  /** Records made, and those of them that are the sink's to keep. */
  const count = { offered: 0, given: 0 }
  const chunks = yield* Chunks.make(streams)
  const trace = yield* BatchTrace.make
  const report = yield* GapReport.make
  const latency = yield* Latency.make
  const turn = yield* Semaphore.make(1)
  const unsettled = yield* Latch.make(false)
  const pacer = Pacer.make()
  yield* plain.gauge(Telemetry.queueRecords, () => Queue.sizeUnsafe(queue) + pacer.waiting())

  const resume = yield* Resume.make(streams)
  const parkedLimit = yield* ParkedLimit
  const options = {
    streams,
    serves: history.serves,
    gapWait: Duration.toMillis(gaps.wait),
    resumeMaxGap: Duration.toMillis(gaps.resumeMax),
    parkedBytes: () => Math.max(0, parkedLimit - pacer.bytes()),
    dropped: chunks.dropped
  }
  const sequencer = Sequencer.make(options, yield* Refill.now)
  const gapTrace = yield* GapTrace.make(sequencer)

  const offer = (records: ReadonlyArray<SinkRecord>, chunk: BatchTrace.Chunk) =>
    Effect.suspend(() => {
      trace.queued(records.length, chunk)
      count.offered += records.length
      return Queue.offerAll(queue, records)
    })

  const closers = yield* Closers.make
  const handOn = Effect.fnUntraced(function* (ordered: Sequencer.Ordered, chunk = trace.chunk()) {
    if (!sequencer.isSettled()) unsettled.openUnsafe()
    yield* report.ordered(ordered)
    const notes = ordered.notes.filter((note) => !Closers.hasToWait(note))
    const records = yield* chunks.records({ ...ordered, notes })
    chunk.done("encode")
    yield* offer(records, chunk)
    // Behind the records that it waits for.
    closers.hold(ordered.notes.filter(Closers.hasToWait))
  })

  const { inTurn, publish, publishAll, release, run: pace } = yield* Outlet.make({ pacer, turn, handOn })

  const note = (...notes: ReadonlyArray<Statement>) =>
    inTurn(() => ({ events: [], notes: [...notes], rejected: [], duplicates: 0 }))

  const watch = yield* Watch.make(streams, note)

  /** Completes when all that was published until now is the sink's. */
  const allGiven = Effect.suspend(() => {
    const { offered } = count
    return Effect.repeat(
      Effect.sync(() => count.given >= offered),
      { until: (isSo) => isSo, schedule: ON_THEIR_WAY }
    )
  })

  /** What the spool had no room for is fetched again, once nothing is on its way that was received after it. */
  const catchUp = Effect.gen(function* () {
    yield* Effect.uninterruptible(release())
    yield* allGiven
    yield* Effect.uninterruptible(
      Effect.gen(function* () {
        const now = yield* Refill.now
        for (const overflow of yield* spool.readmit) {
          const stream = chunks.recall(overflow.stream)
          if (stream === undefined) continue
          closers.reopen(stream.name, { first: overflow.from, last: overflow.to })
          yield* publish(sequencer.missed(stream, overflow, now))
        }
      })
    )
  }).pipe(turn.withPermit)

  const writer = yield* Stream.fromQueue(queue).pipe(
    Stream.groupedWithin(batch.size, Linger.forRecords(batch.timeout, feed)),
    Stream.runForEach((records) =>
      Effect.suspend(() => {
        latency.handedOver(records)
        return trace.batch(records, sink.publish)
      }).pipe(Effect.andThen(Effect.sync(() => void (count.given += records.length))))
    ),
    // Without a writer nobody makes room: let go of a reader that waits for it.
    Effect.onError(() => Queue.shutdown(queue)),
    Effect.forkScoped
  )

  // Before anything that is live, and with somebody there to take it.
  // At once: what is missing has to be said before it is written how far its stream has come.
  const goOn = (positions: ReadonlyMap<string, Position>) => inTurn(() => sequencer.resume(positions), publishAll)
  ;(yield* Status).joined(streams.map(({ name }) => name))
  const reshape = yield* Reshape.make({
    chunks,
    feed,
    goOn,
    publish: publishAll,
    report,
    resume,
    sequencer,
    turn,
    watch
  })
  if (Option.isSome(resume.known)) yield* goOn(resume.known.value)

  // Made once: V8 keeps what a generator function of every chunk would hold, the frames too, until it collects the whole heap.
  const take = Effect.fnUntraced(
    function* (frames: ReadonlyArray<Frame>) {
      const chunk = trace.chunk(frames)
      const { deadLetters, events } = yield* chunks.decode(frames)
      latency.received(events)
      chunk.done("decode")
      watch.seen(events)
      const ordered = sequencer.take(events, yield* Refill.now)
      chunk.done("sequence")
      yield* publish(ordered, chunk, events.length)
      if (deadLetters.length > 0) yield* offer(deadLetters, chunk)
      watch.done()
    },
    turn.withPermit,
    Effect.uninterruptible
  )

  const reader = yield* feed.frames(streams).pipe(
    Stream.runForEachArray(take),
    // The feed is at its end or closed: what waits for others will not get them any more.
    Effect.ensuring(
      inTurn(
        () => sequencer.close(resume.isKept),
        (last) => Effect.andThen(publish(last), release())
      )
    ),
    Effect.ensuring(Queue.end(queue)),
    Effect.forkScoped
  )

  const recordsOf = (notes: ReadonlyArray<Statement>) =>
    chunks.records({ events: [], notes: [...notes], rejected: [], duplicates: 0 })
  const sayClosed = (notes: ReadonlyArray<Statement>) =>
    turn.withPermit(Effect.flatMap(recordsOf(notes), (records) => offer(records, trace.chunk())))

  /** Directly: the writer has ended, and all is stored that was to be. */
  const sayTheRest = Effect.suspend(() => {
    const notes = closers.take()
    return notes.length === 0 ? Effect.void : Effect.flatMap(recordsOf(notes), sink.publish)
  })

  const beside = yield* Effect.all(
    [
      closers.run(Effect.andThen(allGiven, sink.flush), sayClosed),
      Refill.run({ sequencer, trace: gapTrace, unsettled, inTurn, mute: watch.mute, waiting: pacer.waiting }),
      pace,
      watch.run,
      Stream.runForEach(spool.overflow, (overflow) => note(overflowStatement(overflow))),
      Stream.runForEach(spool.drained, () => catchUp),
      report.watch(sequencer, gapTrace),
      resume.run(goOn, allGiven, sequencer.behind),
      Stream.runForEach(changes, reshape),
      Stream.runForEach(feed.notices, (notice) => note(...notesOf(notice)))
    ],
    { concurrency: "unbounded", discard: true }
  ).pipe(Effect.forkScoped)

  // Added after the forks, so that it runs before their interruption.
  yield* Effect.addFinalizer(() =>
    Effect.logInfo("Stopping: publishing what was received").pipe(
      Effect.andThen(Fiber.interrupt(beside)),
      Effect.andThen(feed.close),
      Effect.andThen(Fiber.await(reader)),
      Effect.andThen(Fiber.await(writer)),
      Effect.andThen(sink.flush),
      Effect.andThen(sayTheRest),
      Effect.andThen(sink.flush),
      Effect.timeoutOption(STOP_DEADLINE),
      Effect.catch((error) =>
        Effect.logError("The sink cannot store what is left").pipe(
          Effect.annotateLogs({ reason: error.message }),
          Effect.as(Option.none())
        )
      ),
      Effect.flatMap((drained) =>
        // A reader that still waits for room has to end all the same.
        Option.isSome(drained) ? Effect.void : Effect.ensuring(reportUnstored, Queue.shutdown(queue))
      ),
      Effect.withSpan(Traces.STOP, { root: true })
    )
  )

  const reportUnstored = Effect.gen(function* () {
    const records = count.offered - count.given + (yield* sink.surrender)
    if (records > 0) return yield* Effect.die(new Unstored({ records }))
    return undefined
  })

  // Whichever ends first: the writer when the sink fails, the reader when the feed does, a fiber beside them by a bug.
  yield* Effect.raceFirst(
    Effect.raceFirst(Fiber.join(writer), Effect.andThen(Fiber.join(beside), Effect.never)),
    Effect.andThen(Fiber.join(reader), Effect.never)
  )
  yield* Fiber.join(reader)
  // A feed that has ended is no reason to hurry: the sink takes the time it needs.
  yield* sink.flush
}).pipe(Effect.scoped)

/** One note for each stream of the connection: a reader of the continuity topic looks by stream. */
const notesOf = ({ from, reason, streams, to, type }: FeedNotice): ReadonlyArray<Statement> =>
  streams.map(({ name, symbol }) => ({ type, stream: name, symbol: symbol ?? null, from, to, reason, late: false }))
