/** What was read, in terms of ours. */
import { IS_CONTROL, type RecordsBatch } from "@platformatic/kafka"
import type { StoredRecord } from "../../services/KafkaDriver.ts"
import type { FetchAnswer, FetchRequest } from "../wire/Connection.ts"

const MAGIC = 2
/** The broker's time is the batch's, not the records' own. */
const LOG_APPEND_TIME = 1 << 3

export interface Answer {
  /** Of the request as a whole. */
  readonly errorCode?: number
  readonly responses: ReadonlyArray<{
    readonly topicId: string
    readonly partitions: ReadonlyArray<{
      readonly partitionIndex: number
      readonly errorCode: number
      readonly highWatermark: bigint
      readonly records?: ReadonlyArray<RecordsBatch> | null
    }>
  }>
}

const textOf = (value: Buffer | null): string => value?.toString() ?? ""

const recordsOf = (batch: RecordsBatch, topic: string, partition: number): ReadonlyArray<StoredRecord> => {
  if (batch.magic !== MAGIC) throw new RangeError("the records are of the format before Kafka 0.11")
  // Control records are for transactions, not for readers.
  if ((batch.attributes & IS_CONTROL) !== 0) return []
  const appended = (batch.attributes & LOG_APPEND_TIME) !== 0
  return batch.records.map(({ headers, key, offsetDelta, timestampDelta, value }) => ({
    topic,
    partition,
    offset: Number(batch.firstOffset) + offsetDelta,
    key: textOf(key),
    value: value ?? new Uint8Array(),
    timestamp: Number(appended ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta),
    // Of a header that comes more than once, the last.
    headers: Object.fromEntries(headers.map(([name, one]) => [textOf(name), textOf(one)]))
  }))
}

export const answerOf = (
  { errorCode: whole = 0, responses }: Answer,
  { partition, topic }: FetchRequest
): FetchAnswer | undefined => {
  if (whole !== 0) return { errorCode: whole, highWatermark: -1, records: [] }
  const found = responses
    .find(({ topicId }) => topicId === topic)
    ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
  if (found === undefined) return undefined
  const batches = found.records ?? []
  const last = batches.at(-1)
  return {
    errorCode: found.errorCode,
    highWatermark: Number(found.highWatermark),
    records: batches.flatMap((batch) => recordsOf(batch, topic, partition)),
    ...(last === undefined ? {} : { next: Number(last.firstOffset) + last.lastOffsetDelta + 1 })
  }
}
