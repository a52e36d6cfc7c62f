/** Reads partitions by offset, without a consumer group. */
import { Duration, Effect, Result } from "effect"
import { type Ends, type Fetched, KafkaError, type TopicPartition } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import type { OffsetAnswer } from "./Connection.ts"
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

const offsetIn = (
  answers: ReadonlyArray<OffsetAnswer>,
  { partition, topic }: TopicPartition
): Result.Result<number, KafkaError> => {
  const found = answers.find((one) => one.topic === topic && one.partition === partition)
  if (found === undefined) return Result.fail(unnamed(topic, partition))
  if (found.errorCode !== 0) return Result.fail(failure(found.errorCode, "Describe", topic, partition))
  return Result.succeed(found.offset)
}

const offsetAt = Effect.fnUntraced(function* (
  link: Link,
  topic: string,
  partition: number,
  timestamp: number,
  replicaId: number
): Effect.fn.Return<number, KafkaError> {
  const answers = yield* link.ask(
    (connection) => connection.listOffsets([{ topic, partition, timestamp }], replicaId),
    REQUEST_LIMIT
  )
  return yield* Effect.fromResult(offsetIn(answers, { topic, partition }))
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

/** Of each partition, what consumers see: a question to each leader, for all that it leads. */
export const highWatermarks = Effect.fnUntraced(function* (
  cluster: Cluster,
  partitions: ReadonlyArray<TopicPartition>
): Effect.fn.Return<ReadonlyArray<Result.Result<number, KafkaError>>> {
  const links = yield* cluster.leaders(partitions, "reading")
  const led = new Map<Link, Array<TopicPartition>>()
  for (const [index, link] of links.entries()) {
    const one = partitions[index]
    if (one === undefined || Result.isFailure(link)) continue
    const theirs = led.get(link.success) ?? []
    led.set(link.success, theirs)
    theirs.push(one)
  }
  const answers = new Map(
    yield* Effect.forEach(
      led,
      ([link, theirs]) => {
        const questions = theirs.map(({ partition, topic }) => ({ topic, partition, timestamp: LATEST }))
        const asked = link.ask((connection) => connection.listOffsets(questions, CONSUMER), REQUEST_LIMIT)
        return Effect.map(Effect.result(asked), (result) => [link, result] as const)
      },
      { concurrency: "unbounded" }
    )
  )
  return partitions.map((one, index) => {
    const link = links[index]
    return Result.flatMap(link ?? Result.fail(unnamed(one.topic, one.partition)), (mine) =>
      Result.flatMap(answers.get(mine) ?? Result.succeed([]), (found) => offsetIn(found, one))
    )
  })
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
