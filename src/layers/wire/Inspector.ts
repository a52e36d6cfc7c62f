/** The inspector over the connections of a client library. */
import { Duration, Effect, Option } from "effect"
import { AppConfig } from "../../services/AppConfig.ts"
import type { NewTopic } from "../../services/KafkaDriver.ts"
import { type InspectedTopic, KafkaInspector } from "../../services/KafkaInspector.ts"
import { type Address, addressOf, nameOf } from "./Address.ts"
import * as Cluster from "./Cluster.ts"
import { UNKNOWN_TOPIC } from "./codes.ts"
import type { Connect, TopicMetadata } from "./Connection.ts"
import { ofCode } from "./errors.ts"
import * as Link from "./Link.ts"
import { rightsOf } from "./rights.ts"
import { requestCreation } from "./topics.ts"

const REQUEST_LIMIT = Duration.seconds(5)

const inspected = ({ authorizedOperations, partitions }: TopicMetadata): InspectedTopic => ({
  partitions: partitions.length,
  replicationFactor: partitions[0]?.replicas.length ?? 0,
  leaderless: partitions.filter(({ leader }) => leader < 0).length,
  rights: Option.fromNullishOr(rightsOf(authorizedOperations))
})

export const make = Effect.fnUntraced(function* (connect: Connect) {
  const { kafka } = yield* AppConfig
  const open = (address: Address, hasWorked?: () => boolean) => Link.open(connect(address, kafka), address, hasWorked)
  const cluster = yield* Cluster.make(kafka, open)

  const inspect = Effect.fnUntraced(function* (topics: ReadonlyArray<string>) {
    const link = yield* cluster.any
    const answer = yield* link.ask((connection) => connection.metadata(topics, true), REQUEST_LIMIT)
    const faults = answer.topics.filter(({ errorCode }) => errorCode !== 0 && errorCode !== UNKNOWN_TOPIC)
    return {
      brokers: answer.brokers.map(nameOf),
      topics: new Map(
        answer.topics.filter(({ errorCode }) => errorCode === 0).map((one) => [one.name, inspected(one)])
      ),
      faults: new Map(faults.map(({ errorCode, name }) => [name, ofCode(errorCode, `topic ${name}`)]))
    }
  })

  const mayCreate = Effect.fnUntraced(function* (topic: NewTopic) {
    // Says which broker is the controller.
    yield* cluster.metadata([])
    const link = yield* cluster.controller
    const { errorCode, errorMessage } = yield* requestCreation(link, topic, REQUEST_LIMIT, true)
    if (errorCode !== 0) return yield* ofCode(errorCode, errorMessage)
  })

  const reach = (server: string) =>
    Effect.acquireUseRelease(
      Effect.sync(() => open(addressOf(server))),
      ({ ready }) => ready,
      ({ close }) => close
    )

  return KafkaInspector.of({ inspect, mayCreate, reach })
})
