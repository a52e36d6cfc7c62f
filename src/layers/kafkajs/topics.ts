/** Describes and creates topics. */
import { Duration, Effect, Schedule } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import { KafkaError, type NewTopic, type TopicDescription } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
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

/** Those that exist. */
export const describe = Effect.fnUntraced(function* (cluster: Cluster, names: ReadonlyArray<string>) {
  if (names.length === 0) return []
  const found = yield* cluster.metadata(names)
  const topics = found.filter(({ topicErrorCode }) => topicErrorCode !== UNKNOWN_TOPIC)
  const fault = topics.find(({ topicErrorCode }) => topicErrorCode !== 0)
  if (fault !== undefined) return yield* ofCode(fault.topicErrorCode, `topic ${fault.topic}`)
  if (topics.length === 0) return []
  const sizes = yield* maxMessageBytes(
    cluster,
    topics.map(({ topic }) => topic)
  )
  return topics.map(({ partitionMetadata, topic }): TopicDescription => {
    // It may have been deleted and created anew.
    cluster.forget(topic)
    return {
      name: topic,
      partitions: partitionMetadata.length,
      replicationFactor: partitionMetadata[0]?.replicas.length ?? 0,
      maxMessageBytes: sizes.get(topic) || ASSUMED_MAX_BYTES
    }
  })
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

/** Completes when the topic takes records. */
export const create = Effect.fnUntraced(function* (cluster: Cluster, wanted: NewTopic) {
  const { name, partitions, replicationFactor } = wanted
  const link = yield* cluster.any
  const answer = yield* link.call(
    "CreateTopics",
    requests.CreateTopics,
    {
      topics: [{ topic: name, numPartitions: partitions, replicationFactor: replicationFactor ?? -1 }],
      timeout: Duration.toMillis(CREATION_LIMIT)
    },
    REQUEST_LIMIT
  )
  const code = answer?.topicErrors[0]?.errorCode ?? 0
  if (code === TOPIC_EXISTS) return
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
})
