/** The inspector over kafkajs's connections. */
import { Duration, Effect, Layer, Option } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import { AppConfig } from "../services/AppConfig.ts"
import type { NewTopic } from "../services/KafkaDriver.ts"
import { type InspectedTopic, KafkaInspector } from "../services/KafkaInspector.ts"
import * as Cluster from "./kafkajs/Cluster.ts"
import { ofCode, UNKNOWN_TOPIC } from "./kafkajs/errors.ts"
import * as Link from "./kafkajs/Link.ts"
import * as KafkaJsLogger from "./kafkajs/logger.ts"
import { prepare } from "./kafkajs/prepare.ts"
import { MetadataWithRights, type RightsAnswer, rightsOf } from "./kafkajs/rights.ts"
import { creation } from "./kafkajs/topics.ts"

const REQUEST_LIMIT = Duration.seconds(5)

const inspected = ({
  authorizedOperations,
  partitionMetadata
}: RightsAnswer["topicMetadata"][number]): InspectedTopic => ({
  partitions: partitionMetadata.length,
  replicationFactor: partitionMetadata[0]?.replicas.length ?? 0,
  leaderless: partitionMetadata.filter(({ leader }) => leader < 0).length,
  rights: Option.fromNullishOr(rightsOf(authorizedOperations))
})

export const layer: Layer.Layer<KafkaInspector, never, AppConfig> = Layer.effect(
  KafkaInspector,
  Effect.gen(function* () {
    prepare()
    const { kafka } = yield* AppConfig
    const logger = yield* KafkaJsLogger.make
    const cluster = yield* Cluster.make(kafka, logger)

    const inspect = Effect.fnUntraced(function* (topics: ReadonlyArray<string>) {
      const link = yield* cluster.any
      const question = { topics, allowAutoTopicCreation: false }
      const answer = yield* link.call("Metadata", MetadataWithRights, question, REQUEST_LIMIT)
      const metadata = answer?.topicMetadata ?? []
      const faults = metadata.filter(({ topicErrorCode }) => topicErrorCode !== 0 && topicErrorCode !== UNKNOWN_TOPIC)
      return {
        brokers: answer?.brokers.map(Cluster.nameOf) ?? [],
        topics: new Map(
          metadata.filter(({ topicErrorCode }) => topicErrorCode === 0).map((one) => [one.topic, inspected(one)])
        ),
        faults: new Map(faults.map(({ topic, topicErrorCode }) => [topic, ofCode(topicErrorCode, `topic ${topic}`)]))
      }
    })

    const mayCreate = Effect.fnUntraced(function* (topic: NewTopic) {
      // Says which broker is the controller.
      yield* cluster.metadata([])
      const link = yield* cluster.controller
      const question = { ...creation(topic), validateOnly: true }
      const answer = yield* link.call("CreateTopics", requests.CreateTopics, question, REQUEST_LIMIT)
      const { errorCode = 0, errorMessage } = answer?.topicErrors[0] ?? {}
      if (errorCode !== 0) return yield* ofCode(errorCode, errorMessage)
    })

    const reach = (server: string) =>
      Effect.acquireUseRelease(
        Effect.sync(() => Link.open(Cluster.addressOf(server), kafka, logger)),
        ({ ready }) => ready,
        ({ close }) => close
      )

    return KafkaInspector.of({ inspect, mayCreate, reach })
  })
)
