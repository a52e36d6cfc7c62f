/**
 * Kafka over kafkajs, of which it uses the connections and the wire format but not the producer: that one sends several
 * partitions at a time, resolves without those whose leader has moved, and hides what was written behind retries of its own.
 */
import { Duration, Effect, Layer } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import type { Acks } from "../schema/Settings.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { KafkaDriver, KafkaError } from "../services/KafkaDriver.ts"
import * as Traces from "../services/Traces.ts"
import * as Cluster from "./kafkajs/Cluster.ts"
import { compressionTypes } from "./kafkajs/codecs.ts"
import { ofCode, TOPIC_DENIED } from "./kafkajs/errors.ts"
import type { Link } from "./kafkajs/Link.ts"
import * as KafkaJsLogger from "./kafkajs/logger.ts"
import { prepare } from "./kafkajs/prepare.ts"
import * as Reading from "./kafkajs/reading.ts"
import * as Sequences from "./kafkajs/Sequences.ts"
import * as Topics from "./kafkajs/topics.ts"

const CONNECT_LIMIT = Duration.seconds(10)
/** Of a send until it is written; with `REQUEST_LIMIT`, all the time that it can take. */
const PLACE_LIMIT = Duration.seconds(10)
const ADMIN_LIMIT = Duration.seconds(20)
const REQUEST_LIMIT = Duration.seconds(10)
const READ_LIMIT = Duration.seconds(15)
/** How long a leader waits for its replicas; less than we wait for the leader. */
const REPLICAS_LIMIT = Duration.seconds(7)

type Records = ReadonlyArray<SinkRecord>

const acksOf: Record<Acks, number> = { "0": 0, "1": 1, all: -1 }

const writing = (topic: string): string => `writing ${topic} needs the right Write on this topic`

const messageOf = ({ headers, key, timestamp, value }: SinkRecord) => ({
  key,
  value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  timestamp: String(timestamp),
  headers
})

const inTime = <A>(effect: Effect.Effect<A, KafkaError>, duration: Duration.Duration, what: string) =>
  Effect.timeoutOrElse(effect, {
    duration,
    orElse: () =>
      Effect.fail(
        new KafkaError({ kind: "Unreachable", message: `${what} took longer than ${Duration.format(duration)}` })
      )
  })

export const layer = Layer.effect(
  KafkaDriver,
  Effect.gen(function* () {
    prepare()
    const { kafka } = yield* AppConfig
    const cluster = yield* Cluster.make(kafka, yield* KafkaJsLogger.make)
    const sequences = yield* Sequences.make(cluster)
    const acks = acksOf[kafka.acks]
    const compression = compressionTypes[kafka.compression]
    const idempotent = kafka.acks === "all"

    const recorder = yield* Traces.recorder
    /** Writes down what a send's time has gone into, stage after stage, if it is traced. */
    const stages = Effect.map(Traces.current, (span) => {
      if (span === undefined) return () => {}
      let from = recorder.now()
      return (name: string) => {
        const to = recorder.now()
        recorder.stage(span, name, from, { to })
        from = to
      }
    })

    /** By partition, the connection that the last send was acknowledged on: a failover ends it, or another leader takes its place. */
    const trusted = new Map<string, Link>()

    /** Says once that what was acknowledged may be gone. Where each send is acknowledged by all replicas, none is. */
    const confirmTrust = Effect.fnUntraced(function* (topic: string, partition: number, link: Link) {
      const key = `${topic}/${partition}`
      const before = trusted.get(key)
      if (before === undefined || before === link) return
      trusted.delete(key)
      return yield* new KafkaError({
        kind: "Moved",
        message: `the leader of ${key}, or the connection to it, has changed since the last send`
      })
    })

    /** The ends of the log that the last send went to. */
    const endsOf = Effect.fnUntraced(function* (topic: string, partition: number) {
      const check = trusted.has(`${topic}/${partition}`)
        ? Effect.flatMap(cluster.leader(topic, partition), (link) => confirmTrust(topic, partition, link))
        : Effect.void
      yield* check
      const ends = yield* Reading.ends(cluster, topic, partition)
      // Meanwhile another leader may have been found, and asked.
      yield* check
      return ends
    })

    const prepareSend = Effect.fnUntraced(function* (topic: string, partition: number, records: Records) {
      const link = yield* cluster.leader(topic, partition)
      yield* confirmTrust(topic, partition, link)
      return [link, idempotent ? yield* sequences.begin(topic, partition, records) : undefined] as const
    })

    const send = Effect.fnUntraced(function* (topic: string, partition: number, records: Records) {
      const stage = yield* stages
      const [link, sequence] = yield* inTime(prepareSend(topic, partition, records), PLACE_LIMIT, "finding the leader")
      stage("find leader")
      const { firstSequence = 0, ...producer } = sequence ?? {}
      const answer = yield* link.call(
        "Produce",
        requests.Produce,
        {
          ...producer,
          acks,
          compression,
          timeout: Duration.toMillis(REPLICAS_LIMIT),
          topicData: [{ topic, partitions: [{ partition, firstSequence, messages: records.map(messageOf) }] }]
        },
        REQUEST_LIMIT,
        () => stage("encode request")
      )
      stage("answer")
      if (acks === 0) return -1

      const stored = answer?.topics
        .find(({ topicName }) => topicName === topic)
        ?.partitions.find((one) => one.partition === partition)
      if (stored === undefined) {
        return yield* new KafkaError({ kind: "Doubt", message: `the answer does not name ${topic}/${partition}` })
      }
      if (!sequences.answered(topic, partition, stored.errorCode)) {
        return yield* ofCode(stored.errorCode, stored.errorCode === TOPIC_DENIED ? writing(topic) : undefined)
      }
      if (kafka.acks === "1") trusted.set(`${topic}/${partition}`, link)
      return Number(stored.baseOffset)
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
        forgetting(
          topic,
          Effect.tapError(send(topic, partition, records), ({ kind }) =>
            // The sink has heard of it.
            Effect.sync(() => kind !== "Refused" && trusted.delete(`${topic}/${partition}`))
          )
        ),
      ends: (topic, partition) =>
        forgetting(topic, inTime(endsOf(topic, partition), READ_LIMIT, "asking for the ends")),
      fetch: (topic, partition, from, amount) =>
        forgetting(topic, inTime(Reading.fetch(cluster, topic, partition, from, amount), READ_LIMIT, "reading"))
    })
  })
)
