/**
 * A Kafka client, reduced to what delivery needs and made honest: one partition a call, an answer believed only if it names
 * that partition, errors sorted by what may be done about them. No retries of its own. Called with at most one `produce`
 * in flight a partition. Layers: `KafkaJs` and `Platformatic`; `MemoryKafka` for tests.
 */
import { Context, type Effect, type Result, Schema } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"

/**
 * - `Unreachable`: nothing was written; try again later.
 * - `Doubt`: it may have been stored or not: timed out, or the connection closed after writing.
 * - `Disputed`: the broker no longer knows the producer's numbers (`KAFKA_ACKS=all`): this batch or the one in doubt before it
 *   may have been stored, and a repeat would not be known for one.
 * - `Moved`: not stored, the leader is elsewhere: look up the metadata, try again at once. With `KAFKA_ACKS=1` also said
 *   by the next send, and by `ends` and `highWatermarks`, where the leader, or the connection to it, is not the one that acknowledged the last send: a failover may have lost that.
 * - `MissingTopic`: not stored, the topic or partition is not there.
 * - `Refused`: not stored and never will be as it stands (too large, an invalid timestamp): a record is at fault.
 * - `Denied`: credentials, certificate or rights; needs a person.
 * - `Busy`: not stored, the broker is not ready (too few replicas, throttled, loading): try again later.
 * - `Fenced`: not stored, and nothing will be any more: another one has taken over (`FencedKafka`).
 */
export const KafkaErrorKind = Schema.Literals([
  "Unreachable",
  "Doubt",
  "Disputed",
  "Moved",
  "MissingTopic",
  "Refused",
  "Denied",
  "Busy",
  "Fenced"
])

export class KafkaError extends Schema.TaggedError<KafkaError>()("KafkaError", {
  kind: KafkaErrorKind,
  /** For the operator: what the client said, and which variable to look at where that is known. */
  message: Schema.String,
  /** What the broker, the system or the client calls it: tells apart what is of one kind. */
  code: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface TopicDescription {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** `max.message.bytes`: the largest record batch it takes; 1,000,000 where the broker will not say. */
  readonly maxMessageBytes: number
}

export interface Described {
  /** Those that exist. */
  readonly topics: ReadonlyArray<TopicDescription>
  /** By name, those of which the broker will not say whether they exist. */
  readonly faults: ReadonlyMap<string, KafkaError>
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  /** `undefined`: the broker's default. */
  readonly replicationFactor: number | undefined
  /** Topic configuration, by its Kafka names; the broker's defaults for the rest. */
  readonly config?: Readonly<Record<string, string>>
}

/** A record as a partition holds it. */
export interface StoredRecord extends SinkRecord {
  readonly partition: number
  readonly offset: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Offsets at which a partition begins and ends. */
export interface Ends {
  /** Of the first record that is still there. */
  readonly earliest: number
  /** That the next record to be seen will have: consumers see all below it (the high watermark). */
  readonly next: number
  /** To which the leader has written: above `next` while its replicas have not followed. */
  readonly written: number
}

export interface Fetched {
  readonly records: ReadonlyArray<StoredRecord>
  /** Where to read on; beyond the end, the end. */
  readonly next: number
  readonly highWatermark: number
}

export type Creation = "created" | "existed"

export class KafkaDriver extends Context.Service<
  KafkaDriver,
  {
    /** Connects, and says so early if the credentials are wrong. Safe to repeat. */
    readonly connect: Effect.Effect<void, KafkaError>
    /** What there is of these topics; fails only where nothing can be said of any. */
    readonly describe: (topics: ReadonlyArray<string>) => Effect.Effect<Described, KafkaError>
    /** Creates a topic; one that exists already is left as it is. */
    readonly create: (topic: NewTopic) => Effect.Effect<Creation, KafkaError>
    /**
     * Stores a batch in one partition and gives the offset of its first record, or -1 where the broker does not say it: with
     * `KAFKA_ACKS=0`, or where the batch was stored before. After `Doubt` with `KAFKA_ACKS=all` the identical batch may be
     * repeated: the broker drops the double.
     */
    readonly produce: (
      topic: string,
      partition: number,
      records: ReadonlyArray<SinkRecord>
    ) => Effect.Effect<number, KafkaError>
    /** Where a partition begins and ends now; after an election not before the end is certain (`Busy` until then). */
    readonly ends: (topic: string, partition: number) => Effect.Effect<Ends, KafkaError>
    /** Of each of them, the offset below which consumers see all; a broker is asked once for all that it leads. */
    readonly highWatermarks: (
      partitions: ReadonlyArray<TopicPartition>
    ) => Effect.Effect<ReadonlyArray<Result.Result<number, KafkaError>>>
    /**
     * The records from an offset on, as many as one answer holds (some MiB); none at the end. An offset below the earliest is
     * moved up to it. Without a consumer group; transactions are not waited for. A key or value that is null reads as empty.
     */
    readonly fetch: (
      topic: string,
      partition: number,
      from: number,
      /** As little as may be: one batch. */
      amount?: "least"
    ) => Effect.Effect<Fetched, KafkaError>
  }
>()("binance-kafka/services/KafkaDriver") {}
