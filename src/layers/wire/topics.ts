/** Describes and creates topics. */
import { Duration, Effect, Schedule } from "effect"
import {
  type Creation,
  type Described,
  KafkaError,
  type NewTopic,
  type TopicDescription
} from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { TOPIC_EXISTS, UNKNOWN_TOPIC } from "./codes.ts"
import type { TopicMetadata } from "./Connection.ts"
import { ofCode } from "./errors.ts"
import type { Link } from "./Link.ts"

const REQUEST_LIMIT = Duration.seconds(8)
/** How long the broker waits for a topic that it creates. */
const CREATION_LIMIT = Duration.seconds(5)
const LEADERS_LIMIT = Duration.seconds(5)

/** Where the broker will not say. */
const ASSUMED_MAX_BYTES = 1_000_000
const MAX_BYTES = "max.message.bytes"
const END = -1

const maxMessageBytes = Effect.fnUntraced(function* (cluster: Cluster, topics: ReadonlyArray<string>) {
  const link = yield* cluster.any
  const answers = yield* link.ask((connection) => connection.describeConfigs(topics, MAX_BYTES), REQUEST_LIMIT)
  return new Map(answers.filter(({ errorCode }) => errorCode === 0).map(({ topic, value }) => [topic, Number(value)]))
})

export const describe = Effect.fnUntraced(function* (cluster: Cluster, names: ReadonlyArray<string>) {
  const none: Described = { topics: [], faults: new Map() }
  if (names.length === 0) return none
  const answers = yield* cluster.metadata(names)
  const faults = new Map(
    answers
      .filter(({ errorCode }) => errorCode !== 0 && errorCode !== UNKNOWN_TOPIC)
      .map(({ errorCode, name }) => [name, ofCode(errorCode, `topic ${name}`)])
  )
  const topics = answers.filter(({ errorCode }) => errorCode === 0)
  if (topics.length === 0) return { ...none, faults }
  const sizes = yield* maxMessageBytes(
    cluster,
    topics.map(({ name }) => name)
  )
  const describeOne = ({ name, partitions }: TopicMetadata): TopicDescription => {
    // It may have been deleted and created anew.
    cluster.forget(name)
    return {
      name,
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      maxMessageBytes: sizes.get(name) || ASSUMED_MAX_BYTES
    }
  }
  return { topics: topics.map(describeOne), faults }
})

/** A new topic's leaders learn of it one after the other: until then they refuse, or close the connection (acks 0). */
const takesRecords = (cluster: Cluster, topic: string, partitions: number) =>
  Effect.forEach(
    Array.from({ length: partitions }, (_, partition) => partition),
    Effect.fnUntraced(function* (partition) {
      const link = yield* cluster.leader(topic, partition)
      const question = { topic, partition, timestamp: END }
      const answers = yield* link.ask((connection) => connection.listOffsets([question]), REQUEST_LIMIT)
      const code = answers[0]?.errorCode ?? UNKNOWN_TOPIC
      if (code !== 0) return yield* ofCode(code, `topic ${topic}`)
    }),
    { discard: true }
  ).pipe(Effect.tapError(() => Effect.sync(() => cluster.forget(topic))))

/** `validateOnly`: the broker says what would happen, and does nothing. */
export const requestCreation = (link: Link, topic: NewTopic, limit: Duration.Duration, validateOnly = false) =>
  link.ask(
    (connection) => connection.createTopic(topic, { timeout: Duration.toMillis(CREATION_LIMIT), validateOnly }),
    limit
  )

/** Completes when the topic takes records; the metadata of the broker that was asked may not have known of one that exists. */
export const create = Effect.fnUntraced(function* (
  cluster: Cluster,
  wanted: NewTopic
): Effect.fn.Return<Creation, KafkaError> {
  const { name, partitions } = wanted
  const link = yield* cluster.controller
  const { errorCode, errorMessage } = yield* requestCreation(link, wanted, REQUEST_LIMIT)
  if (errorCode === TOPIC_EXISTS) return "existed"
  if (errorCode !== 0) return yield* ofCode(errorCode, errorMessage)
  cluster.forget(name)
  yield* takesRecords(cluster, name, partitions).pipe(
    Effect.retry({
      schedule: Schedule.spaced("50 millis"),
      while: ({ kind }) => kind === "Moved" || kind === "MissingTopic" || kind === "Busy"
    }),
    Effect.timeoutOrElse({
      duration: LEADERS_LIMIT,
      orElse: () => Effect.fail(new KafkaError({ kind: "Busy", message: `topic ${name} has no leader yet` }))
    })
  )
  return "created"
})
