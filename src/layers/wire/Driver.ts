/**
 * Kafka over the connections of a client library, whose producer is left out: one that sends several partitions at a time,
 * retries by itself or keeps its own view of the leaders hides what was written, and what was stored.
 */
import { Duration, Effect, Result, type Scope, type Tracer } from "effect"
import type { Acks } from "../../schema/Settings.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { KafkaDriver, KafkaError, type TopicPartition } from "../../services/KafkaDriver.ts"
import * as Traces from "../../services/Traces.ts"
import * as Cluster from "./Cluster.ts"
import { TOPIC_DENIED } from "./codes.ts"
import type { Connect, PartAnswer } from "./Connection.ts"
import { ofCode } from "./errors.ts"
import * as Link from "./Link.ts"
import type { Sequence } from "./Producer.ts"
import * as Reading from "./reading.ts"
import * as Sequences from "./Sequences.ts"
import * as Topics from "./topics.ts"

const CONNECT_LIMIT = Duration.seconds(10)
/** Of a send until it is written; with `REQUEST_LIMIT`, all the time that it can take where it is acknowledged. */
const PLACE_LIMIT = Duration.seconds(10)
const ADMIN_LIMIT = Duration.seconds(20)
const REQUEST_LIMIT = Duration.seconds(10)
const READ_LIMIT = Duration.seconds(15)
/** How long a leader waits for its replicas; less than we wait for the leader. */
const REPLICAS_LIMIT = Duration.seconds(7)

type Records = ReadonlyArray<SinkRecord>

const acksOf: Record<Acks, number> = { "0": 0, "1": 1, all: -1 }

const writing = (topic: string): string => `writing ${topic} needs the right Write on this topic`

const inTime = <A>(effect: Effect.Effect<A, KafkaError>, duration: Duration.Duration, what: string) =>
  Effect.timeoutOrElse(effect, {
    duration,
    orElse: () =>
      Effect.fail(
        new KafkaError({ kind: "Unreachable", message: `${what} took longer than ${Duration.format(duration)}` })
      )
  })

/** What drivers have in common. */
export interface Client {
  readonly cluster: Cluster.Cluster
  readonly delivery: Link.Delivery
}

export const client = Effect.fnUntraced(function* (
  connect: Connect
): Effect.fn.Return<Client, never, AppConfig | Scope.Scope> {
  const { kafka } = yield* AppConfig
  const cluster = yield* Cluster.make(kafka, (address, hasWorked) =>
    Link.open(connect(address, kafka), address, hasWorked)
  )
  const scope = yield* Effect.scope
  return {
    cluster,
    delivery: {
      acks: acksOf[kafka.acks],
      timeout: Duration.toMillis(REPLICAS_LIMIT),
      compression: kafka.compression,
      limit: REQUEST_LIMIT,
      fork: (run) => Effect.forkIn(Traces.apart(run), scope)
    }
  }
})

/** Numbers its batches so, where every replica in sync acknowledges. */
export const over = Effect.fnUntraced(function* ({ cluster, delivery }: Client, sequences: Sequences.Sequences) {
  const idempotent = delivery.acks === acksOf.all

  const recorder = yield* Traces.recorder
  /** Writes down what a send's time has gone into, stage after stage, if it is traced. */
  const stagesOf = (span: Tracer.AnySpan | undefined) => {
    if (span === undefined) return () => {}
    let from = recorder.now()
    return (name: string) => {
      const to = recorder.now()
      recorder.stage(span, name, from, { to })
      from = to
    }
  }

  /**
   * By partition, the connection that the last send was acknowledged on: a failover ends it, or another leader takes its
   * place. Undefined where that is known, and the next send has to hear of it.
   */
  const trusted = new Map<string, Link.Link | undefined>()

  const changed = (key: string) =>
    new KafkaError({
      kind: "Moved",
      message: `the leader of ${key}, or the connection to it, has changed since the last send`
    })

  /** Says once that what was acknowledged may be gone. Where each send is acknowledged by all replicas, none is. */
  const confirmTrust = (topic: string, partition: number, link: Link.Link) =>
    Effect.suspend(() => {
      const key = `${topic}/${partition}`
      if (!trusted.has(key) || trusted.get(key) === link) return Effect.void
      trusted.delete(key)
      return Effect.fail(changed(key))
    })

  /**
   * Fails where the log is no longer the one that the last send went to, as it is now. Whoever asks is not whoever sends: the
   * next send is told as well.
   */
  const watchTrust = (topic: string, partition: number) => {
    const key = `${topic}/${partition}`
    const before = trusted.get(key)
    /** Nearly always so, and seen without asking. */
    const holds = () => before === undefined || cluster.near(topic, partition) === before
    const ask = Effect.flatMap(cluster.leader(topic, partition), (link) => {
      if (link === before) return Effect.void
      if (trusted.get(key) === before) trusted.set(key, undefined)
      return Effect.fail(changed(key))
    })
    return { holds, check: Effect.suspend(() => (holds() ? Effect.void : ask)) }
  }

  const endsOf = Effect.fnUntraced(function* (topic: string, partition: number) {
    const { check } = watchTrust(topic, partition)
    yield* check
    const ends = yield* Reading.ends(cluster, topic, partition)
    // Meanwhile another leader may have been found, and asked.
    yield* check
    return ends
  })

  const highWatermarks = Effect.fnUntraced(function* (partitions: ReadonlyArray<TopicPartition>) {
    const watches = partitions.map(({ partition, topic }) => watchTrust(topic, partition))
    const checkAll = Effect.suspend(() =>
      watches.every(({ holds }) => holds())
        ? Effect.succeed([])
        : Effect.forEach(watches, ({ check }) => Effect.result(check), { concurrency: "unbounded" })
    )
    const before = yield* checkAll
    const found = yield* Reading.highWatermarks(cluster, partitions)
    const after = yield* checkAll
    return found.map((one, index) => {
      const sure = Result.flatMap(before[index] ?? Result.void, () => after[index] ?? Result.void)
      const result = Result.flatMap(sure, () => one)
      const topic = partitions[index]?.topic
      if (Result.isFailure(result) && topic !== undefined) cluster.forget(topic)
      return result
    })
  })

  type Place = readonly [Link.Link, Sequence?]

  const prepareSend = Effect.fnUntraced(function* (topic: string, partition: number, records: Records) {
    const link = yield* cluster.leader(topic, partition)
    yield* confirmTrust(topic, partition, link)
    const place: Place = idempotent ? [link, yield* sequences.begin(topic, partition, records)] : [link]
    return place
  })

  /** As nearly always with `KAFKA_ACKS=1`: the leader that has acknowledged the last send, by the same connection. */
  const trustedLeader = (topic: string, partition: number): Link.Link | undefined => {
    const near = cluster.near(topic, partition)
    return near !== undefined && trusted.get(`${topic}/${partition}`) === near ? near : undefined
  }

  /** Where a batch goes, and under which numbers. */
  const placeOf = (topic: string, partition: number, records: Records): Effect.Effect<Place, KafkaError> => {
    const near = cluster.near(topic, partition)
    const prepared = prepareSend(topic, partition, records)
    // A limit costs more than what it would watch, where nothing has to be waited for.
    const isAtHand = near !== undefined && (!idempotent || sequences.knows(topic, partition))
    return isAtHand ? prepared : inTime(prepared, PLACE_LIMIT, "finding the leader")
  }

  const offsetOf = (topic: string, partition: number, link: Link.Link, answers: ReadonlyArray<PartAnswer>) => {
    if (delivery.acks === 0) return Effect.succeed(-1)
    const stored = answers.find((one) => one.topic === topic && one.partition === partition)
    if (stored === undefined) {
      return new KafkaError({ kind: "Doubt", message: `the answer does not name ${topic}/${partition}` })
    }
    if (!sequences.answered(topic, partition, stored.errorCode)) {
      return ofCode(stored.errorCode, stored.errorCode === TOPIC_DENIED ? writing(topic) : undefined)
    }
    if (delivery.acks === acksOf["1"]) trusted.set(`${topic}/${partition}`, link)
    return Effect.succeed(stored.baseOffset)
  }

  const send = (topic: string, partition: number, records: Records): Effect.Effect<number, KafkaError> =>
    Traces.withCurrent((span) => {
      const stage = stagesOf(span)
      const over = (link: Link.Link, sequence?: Sequence) => {
        stage("find leader")
        const part = { topic, partition, records, ...sequence }
        return Effect.flatMap(
          link.produce(part, delivery, () => stage("encode request")),
          (answers) => {
            stage("answer")
            return offsetOf(topic, partition, link, answers)
          }
        )
      }
      const leader = trustedLeader(topic, partition)
      return leader === undefined
        ? Effect.flatMap(placeOf(topic, partition, records), ([link, sequence]) => over(link, sequence))
        : over(leader)
    })

  const forgetting = <A>(topic: string, effect: Effect.Effect<A, KafkaError>) =>
    Effect.tapError(effect, ({ kind }) => Effect.sync(() => kind !== "Refused" && cluster.forget(topic)))

  return KafkaDriver.of({
    connect: inTime(
      Effect.andThen(cluster.any, idempotent ? sequences.ready : Effect.void),
      CONNECT_LIMIT,
      "connecting"
    ),
    describe: (topics) => inTime(Topics.describe(cluster, topics), ADMIN_LIMIT, "describing topics"),
    create: (topic) => inTime(Topics.create(cluster, topic), ADMIN_LIMIT, "creating a topic"),
    produce: (topic, partition, records) =>
      Effect.tapError(send(topic, partition, records), ({ kind }) =>
        Effect.sync(() => {
          if (kind === "Refused") return
          // The sink has heard of it.
          trusted.delete(`${topic}/${partition}`)
          cluster.forget(topic)
        })
      ),
    ends: (topic, partition) => forgetting(topic, inTime(endsOf(topic, partition), READ_LIMIT, "asking for the ends")),
    highWatermarks: (partitions) =>
      inTime(highWatermarks(partitions), READ_LIMIT, "asking for the high watermarks").pipe(
        Effect.catch((error) => Effect.succeed(partitions.map(() => Result.fail(error))))
      ),
    fetch: (topic, partition, from, amount) =>
      forgetting(topic, inTime(Reading.fetch(cluster, topic, partition, from, amount), READ_LIMIT, "reading"))
  })
})

/** By itself, with producers that the brokers give out. */
export const make = Effect.fnUntraced(function* (connect: Connect) {
  const shared = yield* client(connect)
  return yield* over(shared, yield* Sequences.make(shared.cluster))
})
