/**
 * What a client library has to give: one connection to one broker, and the requests that are made on it, in terms of ours.
 * An answer comes with its error codes, which mean something to whoever has asked; a promise fails where there is none.
 */
import type { Socket } from "node:net"
import type { Compression, KafkaSettings } from "../../schema/Settings.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { KafkaError, NewTopic, StoredRecord } from "../../services/KafkaDriver.ts"
import type { Address } from "./Address.ts"
import type { GroupRequests, TransactionRequests } from "./coordination.ts"
import type { Producer, Sequence } from "./Producer.ts"

export interface TopicMetadata {
  readonly name: string
  readonly errorCode: number
  readonly partitions: ReadonlyArray<{
    readonly partition: number
    /** Its broker's id, or -1. */
    readonly leader: number
    readonly replicas: ReadonlyArray<number>
  }>
  /** What we may do with it, a bit an operation; left out where it was not asked for, or the broker is too old. */
  readonly authorizedOperations?: number
}

export interface Metadata {
  readonly brokers: ReadonlyArray<Address & { readonly nodeId: number }>
  readonly controllerId: number
  readonly topics: ReadonlyArray<TopicMetadata>
}

/** One batch for one partition. */
export interface Part extends Partial<Sequence> {
  readonly topic: string
  readonly partition: number
  readonly records: ReadonlyArray<SinkRecord>
}

export interface ProduceRequest {
  readonly acks: number
  /** How long the broker waits for its replicas, ms. */
  readonly timeout: number
  readonly compression: Compression
  readonly parts: ReadonlyArray<Part>
}

export interface PartAnswer {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: number
}

export interface OffsetQuestion {
  readonly topic: string
  readonly partition: number
  /** -1: the end; -2: the beginning. */
  readonly timestamp: number
}

export interface OffsetAnswer {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly offset: number
}

export interface FetchRequest {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Of the answer; a first batch that is larger comes whole. */
  readonly maxBytes: number
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly highWatermark: number
  /** Of whole batches, of which the first may begin before the offset asked for; without those that end transactions. */
  readonly records: ReadonlyArray<StoredRecord>
  /** Behind the last whole batch, whether records are left in it or not. */
  readonly next?: number
}

export interface Connection extends GroupRequests, TransactionRequests {
  /** Opens it and authenticates. Called once. */
  readonly connect: () => Promise<void>
  readonly isConnected: () => boolean
  /** Waits for what was written last. */
  readonly disconnect: () => Promise<void>
  /** As long as it is open. */
  readonly socket: () => Socket | undefined
  /** What a promise has failed with; if a record was written by then, it may be stored. */
  readonly errorOf: (cause: unknown, written: boolean, hasWorked: boolean) => KafkaError

  readonly metadata: (topics: ReadonlyArray<string>, withRights?: boolean) => Promise<Metadata>
  /**
   * An answer for each part, or none where none is acknowledged. `onEncoded` is called when the request is made and about to
   * be written.
   */
  readonly produce: (request: ProduceRequest, onEncoded: () => void) => Promise<ReadonlyArray<PartAnswer>>
  /** With a transactional id: what the same id was given before is fenced. */
  readonly initProducerId: (transactionalId?: string) => Promise<Producer & { readonly errorCode: number }>
  readonly listOffsets: (
    questions: ReadonlyArray<OffsetQuestion>,
    /** -1: a consumer; -2: one that looks for faults and sees all. */
    replicaId?: number
  ) => Promise<ReadonlyArray<OffsetAnswer>>
  /** What is there now; undefined where the answer does not name the partition. */
  readonly fetch: (request: FetchRequest) => Promise<FetchAnswer | undefined>
  readonly createTopic: (
    topic: NewTopic,
    options: {
      /** How long the broker waits for it, ms. */
      readonly timeout: number
      /** Says what would happen, and does nothing. */
      readonly validateOnly?: boolean
    }
  ) => Promise<{ readonly errorCode: number; readonly errorMessage?: string | null | undefined }>
  /** The value of one setting of each topic. */
  readonly describeConfigs: (
    topics: ReadonlyArray<string>,
    name: string
  ) => Promise<
    ReadonlyArray<{ readonly topic: string; readonly errorCode: number; readonly value: string | null | undefined }>
  >
}

/** A connection that is not yet opened. */
export type Connect = (address: Address, settings: KafkaSettings) => Connection
