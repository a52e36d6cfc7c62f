/**
 * Reads topics back: what is committed, from the beginning or an offset to an end that was noted before, so that reading ends
 * though the topic grows. Layers: `KafkaTopicReader`, `LocalTopicReader`, `MemoryTopicReader`.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { StoredRecord } from "./KafkaDriver.ts"

/** Offsets of one partition: `from` inclusive, `to` exclusive. There may be fewer records than these are offsets. */
export interface OffsetRange {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** The topics cannot be read. */
export class TopicReadError extends Schema.TaggedError<TopicReadError>()("TopicReadError", {
  /** One line for the operator: what failed, and which setting to look at. */
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export class TopicReader extends Context.Service<
  TopicReader,
  {
    /** What the topic holds now, a range for every partition, also an empty one; nothing if there is no such topic. */
    readonly ends: (topic: string) => Effect.Effect<ReadonlyArray<OffsetRange>, TopicReadError>
    /** These ranges, each in offset order; several partitions come side by side, an array is of one of them. */
    readonly read: (topic: string, ranges: ReadonlyArray<OffsetRange>) => Stream.Stream<StoredRecord, TopicReadError>
  }
>()("binance-kafka/services/TopicReader") {}
