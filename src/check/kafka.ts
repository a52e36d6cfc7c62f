/** Whether the brokers can be reached, and whether the topics are there and may be used. Nothing is written to find out. */
import { Duration, Effect, Layer, Option } from "effect"
import { configuredTopics, wishFor } from "../layers/kafka/wishes.ts"
import * as KafkaClients from "../layers/KafkaClients.ts"
import type { Settings } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import type { KafkaError } from "../services/KafkaDriver.ts"
import { type InspectedTopic, type Inspection, KafkaInspector, type TopicRight } from "../services/KafkaInspector.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, skipped, warning } from "./Finding.ts"

/** Without these nothing is stored. */
const NEEDED: ReadonlyArray<TopicRight> = ["Write", "Describe"]
/** After a send in doubt, and at every start, what a topic holds is read; without it the connector runs, with less. */
const WANTED: ReadonlyArray<TopicRight> = [...NEEDED, "Read"]

const securityOf = ({ kafka: { sasl, tls } }: Settings): string => {
  const parts = [
    ...(Option.isSome(tls) ? ["TLS"] : []),
    ...Option.match(sasl, {
      onNone: () => [],
      onSome: ({ mechanism, username }) => [`SASL ${mechanism} as ${username}`]
    })
  ]
  return parts.length === 0 ? "without TLS and SASL" : `with ${parts.join(" and ")}`
}

const accountOf = ({ kafka: { sasl, tls } }: Settings): string =>
  Option.match(sasl, {
    onSome: ({ username }) => `User:${username}`,
    onNone: () => (Option.isSome(tls) ? "the certificate's account" : "User:ANONYMOUS")
  })

/** What to do, where the fault itself does not say it. */
const adviceOn = ({ kind, message }: KafkaError): string =>
  kind === "Unreachable" && !message.endsWith(")")
    ? "; does Kafka run there (KAFKA_BOOTSTRAP_SERVERS), and is it reached from here (firewall)?"
    : ""

const reach = (server: string, settings: Settings, whence?: string) =>
  KafkaInspector.use((inspector) => inspector.reach(server)).pipe(
    Effect.timed,
    Effect.match({
      onSuccess: ([took]) =>
        ok("broker", `${server} took ${Math.round(Duration.toMillis(took))} ms to connect ${securityOf(settings)}`),
      // It begins with the address.
      onFailure: (error) => failed("broker", `${error.message}${whence ?? adviceOn(error)}`)
    })
  )

/** Those that the cluster names beside the ones of the settings: clients are sent there. */
const otherBrokers = (inspection: Inspection, { kafka }: Settings): ReadonlyArray<string> =>
  inspection.brokers.filter((server) => !kafka.bootstrapServers.includes(server))

const existing = (name: string, topic: InspectedTopic, settings: Settings): ReadonlyArray<Finding> => {
  const { partitions, replicationFactor = topic.replicationFactor } = wishFor(name, settings)
  const shape = `${name} has ${topic.partitions} partitions, replication factor ${topic.replicationFactor}`
  if (topic.leaderless > 0) {
    return [failed("topic", `${name}: ${topic.leaderless} of its partitions have no leader: look at the brokers`)]
  }
  if (Option.isNone(topic.rights)) {
    return [
      warning("topic", `${shape}; whether it may be written cannot be told without writing (brokers before Kafka 2.3)`)
    ]
  }
  const { value: rights } = topic.rights
  const lacking = WANTED.filter((right) => !rights.has(right))
  const grant = `${name}: grant ${accountOf(settings)} ${lacking.join(", ")} on it`
  if (lacking.some((right) => NEEDED.includes(right))) return [failed("topic", grant)]
  if (lacking.length > 0) {
    return [
      warning(
        "topic",
        `${grant}: without it a send in doubt may be stored twice, what a failover loses stays lost, and a start does not know where to go on`
      )
    ]
  }
  return topic.partitions === partitions && topic.replicationFactor === replicationFactor
    ? [ok("topic", `${shape}; may be written and read`)]
    : [
        warning(
          "topic",
          `${shape}, where the settings say ${partitions} and ${replicationFactor}: it is used as it is; may be written and read`
        )
      ]
}

const absent = (name: string, settings: Settings): Effect.Effect<Finding, never, KafkaInspector> => {
  if (!settings.topics.create) {
    return Effect.succeed(failed("topic", `${name} does not exist: create it, or let TOPIC_CREATE=true do so`))
  }
  return KafkaInspector.use(({ mayCreate }) => mayCreate(wishFor(name, settings))).pipe(
    Effect.match({
      onSuccess: () =>
        ok("topic", `${name} does not exist and may be created; whether it may be written can be told only then`),
      onFailure: ({ kind, message }) =>
        failed(
          "topic",
          kind === "Denied"
            ? `${name} does not exist: grant ${accountOf(settings)} Create on it, or have it created`
            : `${name} does not exist and cannot be created: ${message}`
        )
    })
  )
}

/** The broker will not say whether it is there. */
const hidden = (name: string, { kind, message }: KafkaError, settings: Settings): Finding =>
  failed(
    "topic",
    kind === "Denied"
      ? `${name} is hidden from us, if it exists: grant ${accountOf(settings)} ${WANTED.join(", ")} on it`
      : message
  )

const topicFindings = (name: string, { faults, topics }: Inspection, settings: Settings) => {
  const fault = faults.get(name)
  if (fault !== undefined) return Effect.succeed([hidden(name, fault, settings)])
  const found = topics.get(name)
  return found === undefined
    ? Effect.map(absent(name, settings), (finding) => [finding])
    : Effect.succeed(existing(name, found, settings))
}

export const kafkaFindings = Effect.fnUntraced(function* (settings: Settings) {
  const { inspect } = yield* KafkaInspector
  const seeds = yield* Effect.forEach(settings.kafka.bootstrapServers, (server) => reach(server, settings), {
    concurrency: "unbounded"
  })
  if (seeds.every(({ status }) => status === "failed")) {
    return [...seeds, skipped("topic", "not looked at: no broker can be reached")]
  }
  const names = [...configuredTopics(settings)]
  const inspection = yield* Effect.result(inspect(names))
  if (inspection._tag === "Failure")
    return [...seeds, failed("topic", `${inspection.failure.message}${adviceOn(inspection.failure)}`)]
  const others = yield* Effect.forEach(
    otherBrokers(inspection.success, settings),
    (server) => reach(server, settings, "; the cluster sends clients there: look at its advertised.listeners"),
    { concurrency: "unbounded" }
  )
  const topics = yield* Effect.forEach(names, (name) => topicFindings(name, inspection.success, settings), {
    concurrency: 4
  })
  return [...seeds, ...others, ...topics.flat()]
})

export const kafka = (settings: Settings): Check => ({
  subject: "broker",
  variables: ["KAFKA_", "TOPIC_", "BINANCE_MARKET", "BINANCE_STREAMS", "STREAMS_FILE", "SINK"],
  findings: kafkaFindings(settings).pipe(
    Effect.provide(Layer.provide(KafkaClients.inspector, Layer.succeed(AppConfig, settings)))
  )
})
