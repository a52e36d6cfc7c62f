/** kafkajs's Metadata in the version in which the broker says what we may do with a topic. */
import Decoder from "kafkajs/src/protocol/decoder.js"
import type Encoder from "kafkajs/src/protocol/encoder.js"
import { type Definition, type MetadataAnswer, requests } from "kafkajs/src/protocol/requests/index.js"
import type { Metadata } from "../wire/Connection.ts"

/** The first that has rights (Kafka 2.3), and those that kafkajs knows. */
const WITH_RIGHTS = 8
const VERSIONS = [4, 5, 6, WITH_RIGHTS]

type Topic = MetadataAnswer["topicMetadata"][number]

interface RightsAnswer extends MetadataAnswer {
  readonly topicMetadata: ReadonlyArray<Topic & { /** A bit an operation. */ readonly authorizedOperations?: number }>
}

type Input = Parameters<ReturnType<typeof requests.Metadata.protocol>>[0]

const numbers = (decoder: Decoder) => decoder.readArray((one) => one.readInt32())

const decodePartition = (decoder: Decoder) => {
  const partition = {
    partitionErrorCode: decoder.readInt16(),
    partitionId: decoder.readInt32(),
    leader: decoder.readInt32()
  }
  decoder.readInt32() // leader epoch
  const replicas = numbers(decoder)
  numbers(decoder) // in sync
  numbers(decoder) // offline
  return { ...partition, replicas }
}

const decodeTopic = (decoder: Decoder) => {
  const topicErrorCode = decoder.readInt16()
  const topic = decoder.readString()
  decoder.readInt8() // internal
  const partitionMetadata = decoder.readArray(decodePartition)
  return { topicErrorCode, topic, partitionMetadata, authorizedOperations: decoder.readInt32() }
}

const decodeBroker = (decoder: Decoder) => {
  const broker = { nodeId: decoder.readInt32(), host: decoder.readString(), port: decoder.readInt32() }
  decoder.readString() // rack
  return broker
}

const decode = async (payload: Buffer) => {
  const decoder = new Decoder(payload)
  const clientSideThrottleTime = decoder.readInt32()
  const brokers = decoder.readArray(decodeBroker)
  decoder.readString() // cluster
  const controllerId = decoder.readInt32()
  return {
    throttleTime: 0,
    clientSideThrottleTime,
    brokers,
    controllerId,
    topicMetadata: decoder.readArray(decodeTopic)
  }
}

/** The last form that kafkajs knows, with two more questions: no rights on the cluster, but those on the topics. */
const withRights = (input: Input) => {
  const { request } = requests.Metadata.protocol({ version: 6 })(input)
  const encode = async (): Promise<Encoder> => (await request.encode()).writeBoolean(false).writeBoolean(true)
  return {
    request: { ...request, apiVersion: WITH_RIGHTS, encode },
    response: { decode, parse: async (answer: RightsAnswer) => answer }
  }
}

export const MetadataWithRights: Definition<Input, RightsAnswer> = {
  versions: VERSIONS,
  protocol: ({ version }) => (version === WITH_RIGHTS ? withRights : requests.Metadata.protocol({ version }))
}

export const metadataOf = ({ brokers, controllerId, topicMetadata }: MetadataAnswer | RightsAnswer): Metadata => ({
  brokers,
  controllerId,
  topics: topicMetadata.map(({ partitionMetadata, topic, topicErrorCode, ...rest }) => ({
    name: topic,
    errorCode: topicErrorCode,
    partitions: partitionMetadata.map(({ leader, partitionId, replicas }) => ({
      partition: partitionId,
      leader,
      replicas
    })),
    ...("authorizedOperations" in rest ? { authorizedOperations: rest.authorizedOperations } : {})
  }))
})
