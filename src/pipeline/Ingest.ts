/**
 * The way of a message: frames from the feed, decoded and made into records chunk by chunk by a reader; a bounded queue;
 * batches by size or time, published by a writer. A slow sink fills the queue, a full queue stops the reader, and the feed
 * reads its sockets slower.
 *
 * It ends when the feed does, when the sink cannot go on, or when interrupted; in every case what was received is published
 * and flushed first, within `STOP_DEADLINE`.
 */
import { type Cause, Clock, Data, Duration, Effect, Fiber, Metric, Option, Queue, Ref, Stream } from "effect"
import type { ControlFrame } from "../schema/ControlFrame.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink } from "../services/EventSink.ts"
import { type Frame, MarketFeed } from "../services/MarketFeed.ts"
import * as Telemetry from "../services/Telemetry.ts"
import { rejectedRecord } from "./DeadLetter.ts"
import * as Decoder from "./Decoder.ts"
import * as Records from "./Records.ts"

/** Records between reader and writer: a few chunks; the sink holds the rest. */
const QUEUE_RECORDS = 8192

/** Leaves connections and exporters 3 s of the 10 s that a container is given to stop; `Launch` holds them to it. */
const STOP_DEADLINE = Duration.seconds(7)

/** A stream gone bad must not flood the log. */
const REJECTIONS_EVERY = Duration.seconds(10)

/** Stopped with records that the sink could not store in time. */
export class Unstored extends Data.TaggedError("Unstored")<{ readonly records: number }> {
  override get message() {
    return `stopped with at least ${this.records} records not stored: the sink did not take them within ${Duration.format(STOP_DEADLINE)}`
  }
}

/** Runs until the feed ends; see above for the other ends. */
export const run = Effect.gen(function* () {
  const settings = yield* AppConfig
  const feed = yield* MarketFeed
  const sink = yield* EventSink
  const queue = yield* Queue.bounded<SinkRecord, Cause.Done>(QUEUE_RECORDS)
  /** Records made and not yet the sink's to keep. */
  const waiting = yield* Ref.make(0)
  const toRecords = yield* makeSteps

  const reader = yield* feed.frames.pipe(
    Stream.runForEachArray((frames) =>
      Effect.flatMap(toRecords(frames), (records) =>
        Effect.andThen(
          Ref.update(waiting, (n) => n + records.length),
          Queue.offerAll(queue, records)
        )
      ).pipe(Effect.uninterruptible)
    ),
    Effect.ensuring(Queue.end(queue)),
    Effect.forkScoped
  )

  const writer = yield* Stream.fromQueue(queue).pipe(
    Stream.groupedWithin(settings.batch.size, settings.batch.timeout),
    Stream.runForEach((batch) =>
      Effect.andThen(
        sink.publish(batch),
        Ref.update(waiting, (n) => n - batch.length)
      )
    ),
    // Without a writer nobody makes room: let go of a reader that waits for it.
    Effect.onError(() => Queue.shutdown(queue)),
    Effect.forkScoped
  )

  // Added after the forks, so that it runs before their interruption.
  yield* Effect.addFinalizer(() =>
    Effect.logInfo("Stopping: publishing what was received").pipe(
      Effect.andThen(feed.close),
      Effect.andThen(Fiber.await(reader)),
      Effect.andThen(Fiber.await(writer)),
      Effect.andThen(sink.flush),
      Effect.timeoutOption(STOP_DEADLINE),
      Effect.catch((error) => Effect.logError(error.message).pipe(Effect.as(Option.none()))),
      Effect.flatMap((drained) => (Option.isSome(drained) ? Effect.void : reportUnstored)),
      Effect.withSpan("ingest.drain")
    )
  )

  const reportUnstored = Effect.gen(function* () {
    const records = (yield* Ref.get(waiting)) + (yield* sink.surrender)
    if (records > 0) return yield* Effect.die(new Unstored({ records }))
    return undefined
  })

  // Whichever ends first: the writer when the sink fails, the reader when the feed does.
  yield* Effect.raceFirst(Fiber.join(writer), Effect.andThen(Fiber.join(reader), Effect.never))
  yield* Fiber.join(reader)
  // A feed that has ended is no reason to hurry: the sink takes the time it needs.
  yield* sink.flush
}).pipe(Effect.scoped)

/** The pure steps over one chunk, and what is counted and said of it. */
const makeSteps = Effect.gen(function* () {
  const { binance, topics } = yield* AppConfig
  const decode = Decoder.make(binance.streams)
  const toRecord = Records.make(topics.data)
  const reportRejections = yield* makeRejectionReport
  const producedOf = new Map(
    binance.streams.map(({ kind }) => [
      kind.name,
      Metric.withAttributes(Telemetry.recordsProduced, { kind: kind.name })
    ])
  )

  const count = Effect.fnUntraced(function* (frames: ReadonlyArray<Frame>, decoded: Decoder.Decoded) {
    yield* Metric.update(Telemetry.framesReceived, frames.length)
    let bytes = 0
    for (const frame of frames) bytes += frame.bytes.byteLength
    yield* Metric.update(Telemetry.bytesReceived, bytes)
    const produced = new Map<string, number>()
    for (const { stream } of decoded.events) produced.set(stream.kind.name, (produced.get(stream.kind.name) ?? 0) + 1)
    for (const [kind, records] of produced) {
      const metric = producedOf.get(kind)
      if (metric !== undefined) yield* Metric.update(metric, records)
    }
  })

  return Effect.fnUntraced(function* (frames: ReadonlyArray<Frame>) {
    const decoded = decode(frames)
    yield* count(frames, decoded)
    if (decoded.rejections.length > 0) yield* reportRejections(decoded.rejections)
    if (decoded.controls.length > 0) yield* Effect.forEach(decoded.controls, logControl, { discard: true })
    const records = decoded.events.map(toRecord)
    for (const rejection of decoded.rejections) records.push(rejectedRecord(topics.deadLetter, rejection))
    return records
  })
})

/** Says the first rejection at once and then, however many follow, one line in `REJECTIONS_EVERY` with their number. */
const makeRejectionReport = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  let saidAt = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return Effect.fnUntraced(function* (rejections: ReadonlyArray<Decoder.Rejection>) {
    yield* Metric.update(Telemetry.deadLetters, rejections.length)
    unsaid += rejections.length
    const now = clock.currentTimeMillisUnsafe()
    if (now - saidAt < Duration.toMillis(REJECTIONS_EVERY)) return
    saidAt = now
    const [first] = rejections
    yield* Effect.logWarning("Frames are no valid events: sent to the dead-letter topic").pipe(
      Effect.annotateLogs({ frames: unsaid, reason: first?.reason, field: first?.field, stream: first?.stream })
    )
    unsaid = 0
  })
})

const logControl = (frame: ControlFrame) =>
  Effect.logDebug("Control frame").pipe(Effect.annotateLogs({ control: JSON.stringify(frame) }))
