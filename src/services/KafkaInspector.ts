/**
 * What a cluster says of itself and of our rights, without a record written or a topic made. Layers: `KafkaJs` and `Platformatic`;
 * `MemoryKafkaInspector` for tests.
 */
import { Context, type Effect, type Option } from "effect"
import type { KafkaError, NewTopic } from "./KafkaDriver.ts"

/** What an account may do with a topic, as ACLs name it. */
export type TopicRight = "Read" | "Write" | "Create" | "Describe" | "DescribeConfigs"

export interface InspectedTopic {
  readonly partitions: number
  readonly replicationFactor: number
  /** Partitions that have no leader now. */
  readonly leaderless: number
  /** `None` where the broker does not say: before Kafka 2.3. */
  readonly rights: Option.Option<ReadonlySet<TopicRight>>
}

export interface Inspection {
  /** `host:port` of every broker, as the cluster gives it to clients. */
  readonly brokers: ReadonlyArray<string>
  /** Those that exist, by name. */
  readonly topics: ReadonlyMap<string, InspectedTopic>
  /** By name, those of which the broker will not say whether they exist. */
  readonly faults: ReadonlyMap<string, KafkaError>
}

export class KafkaInspector extends Context.Service<
  KafkaInspector,
  {
    /** Connects to one broker (`host:port`), with TLS and SASL as the settings say. */
    readonly reach: (server: string) => Effect.Effect<void, KafkaError>
    readonly inspect: (topics: ReadonlyArray<string>) => Effect.Effect<Inspection, KafkaError>
    /** Succeeds if the topic could be created as it is wanted: asked of the broker, and not done. */
    readonly mayCreate: (topic: NewTopic) => Effect.Effect<void, KafkaError>
  }
>()("binance-kafka/services/KafkaInspector") {}
