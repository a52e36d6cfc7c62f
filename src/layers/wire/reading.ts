/** Reads partitions by offset, without a consumer group. */
import { Duration, Effect } from "effect"
import { type Ends, type Fetched, KafkaError } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { OFFSET_OUT_OF_RANGE, TOPIC_DENIED } from "./codes.ts"
import { ofCode } from "./errors.ts"
import type { Link } from "./Link.ts"

const REQUEST_LIMIT = Duration.seconds(5)
/** Of an answer; a first batch that is larger comes whole. */
const MAX_BYTES = 4 * 1024 * 1024

const EARLIEST = -2
const LATEST = -1
const CONSUMER = -1
/** Is told where the log itself ends, not only what all replicas in sync have. */
const DEBUGGER = -2

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
  const answers = yield* link.ask(
    (connection) => connection.listOffsets([{ topic, partition, timestamp }], replicaId),
    REQUEST_LIMIT
  )
  const found = answers.find((one) => one.topic === topic && one.partition === partition)
  if (found === undefined) return yield* unnamed(topic, partition)
  if (found.errorCode !== 0) return yield* failure(found.errorCode, "Describe", topic, partition)
  return found.offset
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

export const fetch = Effect.fnUntraced(function* (
  cluster: Cluster,
  topic: string,
  partition: number,
  from: number,
  amount?: "least"
): Effect.fn.Return<Fetched, KafkaError> {
  const link = yield* cluster.leader(topic, partition, "reading")
  const maxBytes = amount === "least" ? 1 : MAX_BYTES
  const read = Effect.fnUntraced(function* (offset: number) {
    const found = yield* link.ask(
      (connection) => connection.fetch({ topic, partition, offset, maxBytes }),
      REQUEST_LIMIT
    )
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
  const { errorCode, highWatermark, next, records } = found
  if (errorCode !== 0) return yield* failure(errorCode, "Read", topic, partition)
  return {
    records: records.filter(({ offset }) => offset >= start),
    next: next ?? Math.min(start, highWatermark),
    highWatermark
  }
})
