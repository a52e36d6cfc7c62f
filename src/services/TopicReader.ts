/**
 * Reads topics back: what is committed, from the beginning or an offset to an end that was noted before, so that reading ends
 * though the topic grows; or on and on. Nothing is left behind: no group, no committed offset. Layers: `KafkaTopicReader`, `LocalTopicReader`, `MemoryTopicReader`.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { StoredRecord } from "./KafkaDriver.ts"

/** Offsets of one partition: `from` inclusive, `to` exclusive. There may be fewer records than these are offsets. */
export interface OffsetRange {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** Where to read a partition from. */
export type Start = Pick<OffsetRange, "partition" | "from">

/** The topics cannot be read. */
export class TopicReadError extends Schema.TaggedError<TopicReadError>()("TopicReadError", {
  /** One line for the operator: what failed, and which setting to look at. */
  message: Schema.String,
  /** Of one topic: the account may not even know whether it is there. */
  isHidden: Schema.optionalKey(Schema.Boolean),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export class TopicReader extends Context.Service<
  TopicReader,
  {
    /** What the topic holds now, a range for every partition, also an empty one; nothing if there is no such topic. */
    readonly ends: (topic: string) => Effect.Effect<ReadonlyArray<OffsetRange>, TopicReadError>
    /** These ranges, each in offset order; several partitions come side by side, an array is of one of them. */
    readonly read: (topic: string, ranges: ReadonlyArray<OffsetRange>) => Stream.Stream<StoredRecord, TopicReadError>
    /** From these offsets on and without end: what comes later too. */
    readonly follow: (topic: string, starts: ReadonlyArray<Start>) => Stream.Stream<StoredRecord, TopicReadError>
  }
>()("binance-kafka/services/TopicReader") {}
