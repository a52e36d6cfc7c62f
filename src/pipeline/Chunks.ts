/**
 * What happens to a chunk: frames to events, events to their order, what is ordered to records; and what is counted and
 * said of it. The steps are plain functions; Effect sees a chunk at a time.
 */
import { Clock, Duration, Effect, Metric } from "effect"
import type { ControlFrame } from "../schema/ControlFrame.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { Instance } from "../services/Instance.ts"
import type { Frame } from "../services/MarketFeed.ts"
import { Status } from "../services/Status.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as ContinuityRecord from "./ContinuityRecord.ts"
import { rejectedRecord } from "./DeadLetter.ts"
import * as Decoder from "./Decoder.ts"
import * as Records from "./Records.ts"
import * as Repeats from "./Repeats.ts"
import * as Roster from "./Roster.ts"
import type { Ordered } from "./Sequencer.ts"
import * as StreamCounts from "./StreamCounts.ts"
import * as StreamFigures from "./StreamFigures.ts"

/** How long after its last dead letter a stream is in trouble. */
const DEAD_LASTS = Duration.toMillis("2 minutes")

const TOO_FAR = "its id is more than 1,000,000 ahead, and the exchange's history knows of none such"

export const make = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
  const { binance, topics } = yield* AppConfig
  const instance = yield* Instance
  const market = binance.market.name
  const deadLetters = { market, topic: topics.deadLetter }
  const roster = Roster.make(streams)
  const decode = Decoder.over(roster)
  const toRecord = Records.make(topics.data)
  const isNew = Repeats.make()
  const counts = yield* StreamCounts.make
  yield* counts.join(streams)
  const figures = yield* StreamFigures.make
  const status = yield* Status

  const reportRejections = Effect.fnUntraced(function* (rejections: ReadonlyArray<Decoder.Rejection>) {
    yield* Metric.update(Telemetry.deadLetters, rejections.length)
    status.deadLetters(
      rejections.map(({ field = null, frame, reason, stream = "unknown" }) => ({
        at: frame.receivedAt,
        stream,
        reason,
        field
      }))
    )
    // A frame may name what it likes.
    const bySubject = new Map(rejections.map((rejection) => [roster.find(rejection.stream ?? "")?.name, rejection]))
    for (const [subject = "frames", { field, reason }] of bySubject) {
      const text = field === undefined ? reason : `field ${field}: ${reason}`
      status.trouble({ subject, kind: "dead letters", text, lasts: DEAD_LASTS })
    }
    const [first] = rejections
    yield* Effect.logWarning("Frames are no valid events: sent to the dead-letter topic").pipe(
      Effect.annotateLogs({
        stream: first?.stream,
        frames: rejections.length,
        field: first?.field,
        reason: first?.reason
      })
    )
  })

  const countFrames = yield* plain.counter(Telemetry.framesReceived)
  const countBytes = yield* plain.counter(Telemetry.bytesReceived)
  const count = (frames: ReadonlyArray<Frame>): void => {
    countFrames(frames.length)
    let bytes = 0
    for (const frame of frames) bytes += frame.bytes.byteLength
    countBytes(bytes)
  }

  /** A frame as it would have come: the far ones are told from the others only after decoding. */
  const farRejection = ({ json, receivedAt, stream }: Decoder.MarketEvent): Decoder.Rejection => ({
    frame: { bytes: Buffer.from(`{"stream":${JSON.stringify(stream.name)},"data":${json}}`), receivedAt },
    stream: stream.name,
    reason: TOO_FAR,
    field: undefined
  })

  return {
    /** The events of the frames; what is none becomes dead letters. */
    decode: Effect.fnUntraced(function* (frames: ReadonlyArray<Frame>) {
      const { controls, events, rejections } = decode(frames)
      figures.received(events)
      count(frames)
      if (rejections.length > 0) yield* reportRejections(rejections)
      if (controls.length > 0) yield* Effect.forEach(controls, logControl, { discard: true })
      return { events, deadLetters: rejections.map((rejection) => rejectedRecord(deadLetters, rejection)) }
    }),
    /** The records of what is ordered: events without a place in a sequence once, then notes and what was rejected. */
    records: Effect.fnUntraced(function* ({ events, notes, rejected }: Ordered) {
      figures.published(events)
      counts.count(events)
      const records: Array<SinkRecord> = []
      const context = { market, topic: topics.continuity, instance, at: yield* Clock.currentTimeMillis }
      for (const note of notes)
        if (ContinuityRecord.goesBefore(note)) records.push(ContinuityRecord.make(context, note))
      let repeats = 0
      for (const event of events) {
        const record = toRecord(event)
        if (event.facts.span !== undefined || isNew(record.headers["event-id"] ?? "")) records.push(record)
        else {
          repeats++
          figures.dropped(event.stream)
        }
      }
      if (repeats > 0) yield* Metric.update(Telemetry.duplicates, repeats)
      for (const note of notes)
        if (!ContinuityRecord.goesBefore(note)) records.push(ContinuityRecord.make(context, note))
      if (rejected.length > 0) {
        const rejections = rejected.map(farRejection)
        yield* reportRejections(rejections)
        for (const rejection of rejections) records.push(rejectedRecord(deadLetters, rejection))
      }
      return records
    }),
    /** An event of the stream was dropped because it had been published before. */
    dropped: figures.dropped,
    /** One that is carried, or was. */
    recall: roster.recall,
    /** Takes frames of these too. */
    join: (joined: ReadonlyArray<StreamName>) =>
      Effect.andThen(
        Effect.sync(() => roster.join(joined)),
        counts.join(joined)
      ),
    /** Frames of these are none of ours any more: what still comes is left out. */
    leave: (left: ReadonlyArray<StreamName>) =>
      Effect.andThen(
        Effect.sync(() => roster.leave(left)),
        counts.leave(left)
      )
  }
})

const logControl = (frame: ControlFrame) =>
  Effect.logDebug("Control frame").pipe(Effect.annotateLogs({ frame: JSON.stringify(frame) }))
