/**
 * What the driver uses of kafkajs beneath its public API, as it is in the one version that `prepare.ts` lets pass:
 * connections with TLS and SASL, and the wire format of its requests.
 */

declare module "kafkajs/src/broker/index.js" {
  import type ConnectionPool from "kafkajs/src/network/connectionPool.js"
  import type { Definition, Protocol } from "kafkajs/src/protocol/requests/index.js"
  import type { Logger } from "kafkajs/src/loggers/index.js"

  /** One broker: connects, asks for the versions of its API, authenticates. */
  export default class Broker {
    constructor(options: {
      readonly connectionPool: ConnectionPool
      readonly logger: Logger
      readonly authenticationTimeout: number
    })
    readonly connectionPool: ConnectionPool
    /** The newest form of a request that both sides know. */
    readonly lookupRequest: <I, O>(apiKey: number, definition: Definition<I, O>) => (input: I) => Protocol<O>
    connect(): Promise<void>
    isConnected(): boolean
    disconnect(): Promise<void>
  }
}

declare module "kafkajs/src/network/connection.js" {
  import type { Socket } from "node:net"
  import type RequestQueue from "kafkajs/src/network/requestQueue/index.js"

  export default class Connection {
    readonly requestQueue: RequestQueue
    socket: Socket
    /** Until the answer that has begun is whole; four while none has. */
    bytesNeeded: number
    processData(data: Buffer): void
  }
}

declare module "kafkajs/src/network/connectionPool.js" {
  import type { ISocketFactory, KafkaConfig } from "kafkajs"
  import type { Logger } from "kafkajs/src/loggers/index.js"
  import type Connection from "kafkajs/src/network/connection.js"
  import type { Protocol } from "kafkajs/src/protocol/requests/index.js"

  export default class ConnectionPool {
    constructor(
      options: Pick<KafkaConfig, "ssl" | "sasl" | "clientId"> & {
        readonly host: string
        readonly port: number
        readonly socketFactory: ISocketFactory
        readonly connectionTimeout: number
        readonly requestTimeout: number
        readonly enforceRequestTimeout: boolean
        readonly logger: Logger
      }
    )
    map<A>(visit: (connection: Connection) => A): ReadonlyArray<A>
    getConnection(index: number): Promise<Connection>
    getConnectionByRequest: () => Promise<Connection>
    /** Undefined for a request that expects no answer. */
    send<O>(protocol: Protocol<O>): Promise<O | undefined>
  }
}

declare module "kafkajs/src/network/requestQueue/index.js" {
  export default class RequestQueue {
    constructor(options: {
      readonly maxInFlightRequests: number | null
      readonly requestTimeout: number
      readonly enforceRequestTimeout: boolean
      readonly clientId: string
      readonly broker: string
      readonly logger: { readonly debug: (message: string) => void }
    })
    /** Unix ms. */
    throttledUntil: number
    throttleCheckTimeoutId: NodeJS.Timeout | null
    pending: Array<unknown>
    /** By correlation id: so much of a `Map` as it uses. */
    inflight: {
      readonly size: number
      has(id: number): boolean
      get(id: number): unknown
      set(id: number, request: unknown): void
      delete(id: number): void
      values(): Iterable<unknown>
      forEach(visit: (request: unknown) => void): void
      clear(): void
    }
    push(request: {
      readonly entry: { readonly correlationId: number; readonly resolve: () => void; readonly reject: () => void }
      readonly expectResponse: boolean
      readonly sendRequest: () => void
    }): void
    fulfillRequest(answer: { readonly correlationId: number; readonly size: number; readonly payload: Buffer }): void
    rejectAll(error: Error): void
    waitForPendingRequests(): Promise<void>
    maybeThrottle(millis: number): void
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
    destroy(): void
  }
}

declare module "kafkajs/src/loggers/index.js" {
  import type { logCreator } from "kafkajs"

  export interface Logger {
    namespace(name: string): Logger
  }
  export function createLogger(options: { readonly level: number; readonly logCreator: logCreator }): Logger
}

declare module "kafkajs/src/protocol/decoder.js" {
  export default class Decoder {
    constructor(buffer: Buffer)
    readInt8(): number
    readInt16(): number
    readInt32(): number
    readInt64(): bigint
    readString(): string
    /** Behind their length, an int32; null for -1. */
    readBytes(): Buffer | null
    readArray<A>(read: (decoder: Decoder) => A): ReadonlyArray<A>
    readArrayAsync<A>(read: (decoder: Decoder) => Promise<A>): Promise<ReadonlyArray<A>>
    canReadBytes(length: number): boolean
  }
}

declare module "kafkajs/src/protocol/encoder.js" {
  export default class Encoder {
    readonly buffer: Buffer
    writeBoolean(value: boolean): this
    writeInt16(value: number): this
    writeInt32(value: number): this
    writeString(value: string | null): this
    writeArray(value: ReadonlyArray<Encoder>): this
    writeEncoder(value: Encoder): this
    /** Behind their length, an int32. */
    writeBytes(bytes: Buffer): this
  }
}

declare module "kafkajs/src/protocol/recordBatch/record/v0/index.js" {
  import type Encoder from "kafkajs/src/protocol/encoder.js"

  export default function encode(record: {
    readonly offsetDelta: number
    readonly timestampDelta: number
    readonly key: string
    readonly value: Buffer
    readonly headers: Readonly<Record<string, string>>
  }): Encoder
}

declare module "kafkajs/src/protocol/recordBatch/v0/index.js" {
  import type Encoder from "kafkajs/src/protocol/encoder.js"

  export function RecordBatch(options: {
    readonly compression: number
    readonly records: ReadonlyArray<Encoder>
    readonly firstTimestamp: string
    readonly maxTimestamp: string
    readonly lastOffsetDelta: number
    readonly producerId: string
    readonly producerEpoch: number
    readonly firstSequence: number
  }): Promise<Encoder>
}

declare module "kafkajs/src/protocol/recordBatch/v0/decoder.js" {
  import type Decoder from "kafkajs/src/protocol/decoder.js"

  export interface StoredBatch {
    readonly firstOffset: string
    readonly lastOffsetDelta: number
    readonly isControlBatch: boolean
    readonly records: ReadonlyArray<{
      readonly offset: string
      readonly timestamp: string
      readonly key: Buffer | null
      readonly value: Buffer | null
      /** A header that comes more than once has an array. */
      readonly headers: Readonly<Record<string, Buffer | null | ReadonlyArray<Buffer | null>>>
    }>
  }
  /** Throws a `KafkaJSPartialMessageError` at a batch that is cut off. */
  export default function decode(decoder: Decoder): Promise<StoredBatch>
}

declare module "kafkajs/src/protocol/requests/apiKeys.js" {
  const apiKeys: Readonly<
    Record<
      | "Produce"
      | "Fetch"
      | "Metadata"
      | "ListOffsets"
      | "InitProducerId"
      | "CreateTopics"
      | "DescribeConfigs"
      | "GroupCoordinator"
      | "JoinGroup"
      | "SyncGroup"
      | "Heartbeat"
      | "LeaveGroup"
      | "DescribeGroups"
      | "AddPartitionsToTxn"
      | "EndTxn",
      number
    >
  >
  export default apiKeys
}

declare module "kafkajs/src/protocol/requests/index.js" {
  import type Encoder from "kafkajs/src/protocol/encoder.js"

  export interface Protocol<O> {
    readonly request: {
      readonly apiKey: number
      readonly apiVersion: number
      readonly apiName: string
      readonly expectResponse?: () => boolean
      readonly encode: () => Promise<Encoder>
    }
    readonly response: {
      readonly decode: (payload: Buffer) => Promise<O>
      /** Throws the first error code that the answer holds; gives it back otherwise. */
      readonly parse: (answer: O) => Promise<O>
    }
  }

  export interface Definition<I, O> {
    readonly versions: ReadonlyArray<number | string>
    readonly protocol: (options: { readonly version: number }) => (input: I) => Protocol<O>
  }

  export interface MetadataAnswer {
    readonly brokers: ReadonlyArray<{ readonly nodeId: number; readonly host: string; readonly port: number }>
    readonly controllerId: number
    readonly topicMetadata: ReadonlyArray<{
      readonly topicErrorCode: number
      readonly topic: string
      readonly partitionMetadata: ReadonlyArray<{
        readonly partitionErrorCode: number
        readonly partitionId: number
        readonly leader: number
        readonly replicas: ReadonlyArray<number>
      }>
    }>
  }

  export interface ProduceInput {
    readonly acks: number
    /** How long the broker waits for its replicas, ms. */
    readonly timeout: number
    readonly topicData: ReadonlyArray<never>
  }

  export interface ProduceAnswer {
    readonly topics: ReadonlyArray<{
      readonly topicName: string
      readonly partitions: ReadonlyArray<{
        readonly partition: number
        readonly errorCode: number
        readonly baseOffset: string
      }>
    }>
  }

  export interface FetchInput {
    /** How long the broker waits for `minBytes`, ms. */
    readonly maxWaitTime: number
    readonly minBytes: number
    readonly maxBytes: number
    /** 0: transactions are not waited for. */
    readonly isolationLevel: number
    readonly topics: ReadonlyArray<{
      readonly topic: string
      readonly partitions: ReadonlyArray<{
        readonly partition: number
        readonly fetchOffset: number
        readonly maxBytes: number
      }>
    }>
  }

  export const requests: {
    readonly Fetch: Definition<FetchInput, unknown>
    readonly Metadata: Definition<
      { readonly topics: ReadonlyArray<string>; readonly allowAutoTopicCreation: boolean },
      MetadataAnswer
    >
    readonly Produce: Definition<ProduceInput, ProduceAnswer>
    readonly ListOffsets: Definition<
      {
        readonly topics: ReadonlyArray<{
          readonly topic: string
          /** -1: the end, if that is left out; -2: the beginning. */
          readonly partitions: ReadonlyArray<{ readonly partition: number; readonly timestamp?: number }>
        }>
        /** -1: a consumer, if that is left out; -2: one that looks for faults and sees all. */
        readonly replicaId?: number
        /** 0: transactions are not waited for. */
        readonly isolationLevel?: number
      },
      {
        readonly responses: ReadonlyArray<{
          readonly topic: string
          readonly partitions: ReadonlyArray<{
            readonly partition: number
            readonly errorCode: number
            readonly offset: string
          }>
        }>
      }
    >
    readonly InitProducerId: Definition<
      { readonly transactionalId: string | undefined; readonly transactionTimeout: number },
      { readonly errorCode: number; readonly producerId: string; readonly producerEpoch: number }
    >
    readonly CreateTopics: Definition<
      {
        readonly topics: ReadonlyArray<{
          readonly topic: string
          readonly numPartitions: number
          readonly replicationFactor: number
          readonly configEntries?: ReadonlyArray<{ readonly name: string; readonly value: string }>
        }>
        readonly timeout: number
        /** Says what would happen, and does nothing. */
        readonly validateOnly?: boolean
      },
      {
        readonly topicErrors: ReadonlyArray<{
          readonly topic: string
          readonly errorCode: number
          readonly errorMessage: string | null
        }>
      }
    >
    readonly DescribeConfigs: Definition<
      {
        readonly resources: ReadonlyArray<{
          readonly type: number
          readonly name: string
          readonly configNames: ReadonlyArray<string>
        }>
      },
      {
        readonly resources: ReadonlyArray<{
          readonly errorCode: number
          readonly resourceName: string
          readonly configEntries: ReadonlyArray<{ readonly configName: string; readonly configValue: string | null }>
        }>
      }
    >
    readonly GroupCoordinator: Definition<
      { readonly groupId: string; /** 0: of a group; 1: of a transactional id. */ readonly coordinatorType: number },
      {
        readonly errorCode: number
        readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number }
      }
    >
    readonly JoinGroup: Definition<
      {
        readonly groupId: string
        readonly sessionTimeout: number
        readonly rebalanceTimeout: number
        readonly memberId: string
        readonly protocolType: string
        readonly groupProtocols: ReadonlyArray<{ readonly name: string; readonly metadata: Buffer }>
      },
      {
        readonly errorCode: number
        readonly generationId: number
        readonly leaderId: string
        readonly memberId: string
        readonly members: ReadonlyArray<{ readonly memberId: string; readonly memberMetadata: Buffer | null }>
      }
    >
    readonly SyncGroup: Definition<
      {
        readonly groupId: string
        readonly generationId: number
        readonly memberId: string
        readonly groupAssignment: ReadonlyArray<{ readonly memberId: string; readonly memberAssignment: Buffer }>
      },
      { readonly errorCode: number; readonly memberAssignment: Buffer | null }
    >
    readonly Heartbeat: Definition<
      {
        readonly groupId: string
        readonly groupGenerationId: number
        readonly memberId: string
        readonly groupInstanceId: null
      },
      { readonly errorCode: number }
    >
    readonly LeaveGroup: Definition<
      { readonly groupId: string; readonly memberId: string },
      { readonly errorCode: number }
    >
    readonly DescribeGroups: Definition<
      { readonly groupIds: ReadonlyArray<string> },
      {
        readonly groups: ReadonlyArray<{
          readonly errorCode: number
          readonly state: string
          readonly members: ReadonlyArray<{
            readonly memberId: string
            readonly clientId: string
            readonly clientHost: string
            readonly memberMetadata: Buffer | null
            readonly memberAssignment: Buffer | null
          }>
        }>
      }
    >
    readonly AddPartitionsToTxn: Definition<
      {
        readonly transactionalId: string
        readonly producerId: string
        readonly producerEpoch: number
        readonly topics: ReadonlyArray<{ readonly topic: string; readonly partitions: ReadonlyArray<number> }>
      },
      {
        readonly errors: ReadonlyArray<{
          readonly topic: string
          readonly partitionErrors: ReadonlyArray<{ readonly partition: number; readonly errorCode: number }>
        }>
      }
    >
    readonly EndTxn: Definition<
      {
        readonly transactionalId: string
        readonly producerId: string
        readonly producerEpoch: number
        readonly transactionResult: boolean
      },
      { readonly errorCode: number }
    >
  }
}
