/** Describes and creates topics. */
import { Duration, Effect, Schedule } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import {
  type Creation,
  type Described,
  KafkaError,
  type NewTopic,
  type TopicDescription
} from "../../services/KafkaDriver.ts"
import type { Cluster, TopicMetadata } from "./Cluster.ts"
import { ofCode, UNKNOWN_TOPIC } from "./errors.ts"

const REQUEST_LIMIT = Duration.seconds(8)
const CREATION_LIMIT = Duration.seconds(5)
const LEADERS_LIMIT = Duration.seconds(5)

/** Where the broker will not say. */
const ASSUMED_MAX_BYTES = 1_000_000
const TOPIC_RESOURCE = 2
const TOPIC_EXISTS = 36

const maxMessageBytes = Effect.fnUntraced(function* (cluster: Cluster, topics: ReadonlyArray<string>) {
  const link = yield* cluster.any
  const resources = topics.map((name) => ({ type: TOPIC_RESOURCE, name, configNames: ["max.message.bytes"] }))
  const answer = yield* link.call("DescribeConfigs", requests.DescribeConfigs, { resources }, REQUEST_LIMIT)
  return new Map(
    answer?.resources
      .filter(({ errorCode }) => errorCode === 0)
      .map(({ configEntries, resourceName }) => [resourceName, Number(configEntries[0]?.configValue)])
  )
})

export const describe = Effect.fnUntraced(function* (cluster: Cluster, names: ReadonlyArray<string>) {
  const none: Described = { topics: [], faults: new Map() }
  if (names.length === 0) return none
  const answers = yield* cluster.metadata(names)
  const faults = new Map(
    answers
      .filter(({ topicErrorCode }) => topicErrorCode !== 0 && topicErrorCode !== UNKNOWN_TOPIC)
      .map(({ topic, topicErrorCode }) => [topic, ofCode(topicErrorCode, `topic ${topic}`)])
  )
  const topics = answers.filter(({ topicErrorCode }) => topicErrorCode === 0)
  if (topics.length === 0) return { ...none, faults }
  const sizes = yield* maxMessageBytes(
    cluster,
    topics.map(({ topic }) => topic)
  )
  const describeOne = ({ partitionMetadata, topic }: TopicMetadata): TopicDescription => {
    // It may have been deleted and created anew.
    cluster.forget(topic)
    return {
      name: topic,
      partitions: partitionMetadata.length,
      replicationFactor: partitionMetadata[0]?.replicas.length ?? 0,
      maxMessageBytes: sizes.get(topic) || ASSUMED_MAX_BYTES
    }
  }
  return { topics: topics.map(describeOne), faults }
})

/** A new topic's leaders learn of it one after the other: until then they refuse, or close the connection (acks 0). */
const takesRecords = (cluster: Cluster, topic: string, partitions: number) =>
  Effect.forEach(
    Array.from({ length: partitions }).keys(),
    Effect.fnUntraced(function* (partition) {
      const link = yield* cluster.leader(topic, partition)
      const input = { topics: [{ topic, partitions: [{ partition }] }] }
      const answer = yield* link.call("ListOffsets", requests.ListOffsets, input, REQUEST_LIMIT)
      const code = answer?.responses[0]?.partitions[0]?.errorCode ?? UNKNOWN_TOPIC
      if (code !== 0) return yield* ofCode(code, `topic ${topic}`)
    }),
    { discard: true }
  ).pipe(Effect.tapError(() => Effect.sync(() => cluster.forget(topic))))

/** The request for a new topic. */
export const creation = ({ config = {}, name, partitions, replicationFactor }: NewTopic) => ({
  topics: [
    {
      topic: name,
      numPartitions: partitions,
      replicationFactor: replicationFactor ?? -1,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value }))
    }
  ],
  timeout: Duration.toMillis(CREATION_LIMIT)
})

/** Completes when the topic takes records; the metadata of the broker that was asked may not have known of one that exists. */
export const create = Effect.fnUntraced(function* (
  cluster: Cluster,
  wanted: NewTopic
): Effect.fn.Return<Creation, KafkaError> {
  const { name, partitions } = wanted
  const link = yield* cluster.controller
  const answer = yield* link.call("CreateTopics", requests.CreateTopics, creation(wanted), REQUEST_LIMIT)
  const code = answer?.topicErrors[0]?.errorCode ?? 0
  if (code === TOPIC_EXISTS) return "existed"
  if (code !== 0) return yield* ofCode(code, answer?.topicErrors[0]?.errorMessage)
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
