/** Reads partitions by offset, without a consumer group. */
import { Duration, Effect } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import type { StoredBatch } from "kafkajs/src/protocol/recordBatch/v0/decoder.js"
import { type Ends, type Fetched, KafkaError, type StoredRecord } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { OFFSET_OUT_OF_RANGE, ofCode, TOPIC_DENIED } from "./errors.ts"
import { Fetch } from "./fetchAnswer.ts"
import type { Link } from "./Link.ts"

const REQUEST_LIMIT = Duration.seconds(5)
/** Of an answer; a first batch that is larger comes whole. */
const MAX_BYTES = 4 * 1024 * 1024

const EARLIEST = -2
const LATEST = -1
const CONSUMER = -1
/** Is told where the log itself ends, not only what all replicas in sync have. */
const DEBUGGER = -2
const READ_UNCOMMITTED = 0

/** What the account needs beside the rights of a writer. */
const rights = (right: string, where: string) => `${where} needs the right ${right} on the topic`

const failure = (code: number, right: string, topic: string, partition: number) =>
  ofCode(code, code === TOPIC_DENIED ? rights(right, `reading ${topic}/${partition}`) : `${topic}/${partition}`)

const unnamed = (topic: string, partition: number) =>
  // So answers a broker that wants to be asked less often.
  new KafkaError({ kind: "Busy", message: `the answer does not name ${topic}/${partition}` })

const offsetAt = Effect.fnUntraced(function* (
  link: Link,
  topic: string,
  partition: number,
  timestamp: number,
  replicaId: number
) {
  const input = {
    replicaId,
    isolationLevel: READ_UNCOMMITTED,
    topics: [{ topic, partitions: [{ partition, timestamp }] }]
  }
  const answer = yield* link.call("ListOffsets", requests.ListOffsets, input, REQUEST_LIMIT)
  const found = answer?.responses
    .find((one) => one.topic === topic)
    ?.partitions.find((one) => one.partition === partition)
  if (found === undefined) return yield* unnamed(topic, partition)
  if (found.errorCode !== 0) return yield* failure(found.errorCode, "Describe", topic, partition)
  return Number(found.offset)
})

export const ends = Effect.fnUntraced(function* (
  cluster: Cluster,
  topic: string,
  partition: number
): Effect.fn.Return<Ends, KafkaError> {
  const link = yield* cluster.leader(topic, partition, "reading")
  const at = (timestamp: number, replicaId: number) => offsetAt(link, topic, partition, timestamp, replicaId)
  // Asked in this order, all that was written is seen where the two ends agree. A broker may not know the question.
  const log = yield* Effect.orElseSucceed(at(LATEST, DEBUGGER), () => 0)
  const [earliest, next] = yield* Effect.all([at(EARLIEST, CONSUMER), at(LATEST, CONSUMER)], {
    concurrency: "unbounded"
  })
  return { earliest, next, written: Math.max(log, next) }
})

const textOf = (value: Buffer | null | undefined): string => value?.toString() ?? ""

/** Of a header that comes more than once, the last. */
const headerText = (value: StoredBatch["records"][number]["headers"][string]): string =>
  textOf(value === null || Buffer.isBuffer(value) ? value : value?.at(-1))

/** From `from` on; control records are for transactions, not for readers. */
const recordsOf = (batches: ReadonlyArray<StoredBatch>, topic: string, partition: number, from: number) =>
  batches
    .filter(({ isControlBatch }) => !isControlBatch)
    .flatMap(({ records }) => records)
    .filter(({ offset }) => Number(offset) >= from)
    .map(({ headers, key, offset, timestamp, value }): StoredRecord => ({
      topic,
      partition,
      offset: Number(offset),
      key: textOf(key),
      value: value ?? new Uint8Array(),
      timestamp: Number(timestamp),
      headers: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, headerText(one)]))
    }))

export const fetch = Effect.fnUntraced(function* (
  cluster: Cluster,
  topic: string,
  partition: number,
  from: number,
  amount?: "least"
): Effect.fn.Return<Fetched, KafkaError> {
  const link = yield* cluster.leader(topic, partition, "reading")
  const maxBytes = amount === "least" ? 1 : MAX_BYTES
  const read = Effect.fnUntraced(function* (fetchOffset: number) {
    const input = {
      // What is there is what we want: who waits at the end would hold up the requests behind it.
      maxWaitTime: 0,
      minBytes: 1,
      maxBytes,
      isolationLevel: READ_UNCOMMITTED,
      topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes }] }]
    }
    const answer = yield* link.call("Fetch", Fetch, input, REQUEST_LIMIT)
    if (answer !== undefined && answer.errorCode !== 0)
      return yield* failure(answer.errorCode, "Read", topic, partition)
    const found = answer?.topics
      .find(({ topicName }) => topicName === topic)
      ?.partitions.find((one) => one.partition === partition)
    return found ?? (yield* unnamed(topic, partition))
  })

  let start = from
  let found = yield* read(start)
  if (found.errorCode === OFFSET_OUT_OF_RANGE) {
    const earliest = yield* offsetAt(link, topic, partition, EARLIEST, CONSUMER)
    const end = yield* offsetAt(link, topic, partition, LATEST, CONSUMER)
    if (from >= earliest) return { records: [], next: Math.min(from, end), highWatermark: end }
    start = earliest
    found = yield* read(start)
  }
  const { batches, errorCode, highWatermark } = found
  if (errorCode !== 0) return yield* failure(errorCode, "Read", topic, partition)
  const last = batches.at(-1)
  return {
    records: recordsOf(batches, topic, partition, start),
    next: last === undefined ? Math.min(start, highWatermark) : Number(last.firstOffset) + last.lastOffsetDelta + 1,
    highWatermark
  }
})
