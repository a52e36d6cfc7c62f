/** The requests of @platformatic/kafka, in terms of ours. */
import {
  ConfigResourceTypes,
  type Connection as Client,
  createTopicsV2,
  createTopicsV7,
  describeConfigsV1,
  describeConfigsV4,
  fetchV10,
  fetchV11,
  fetchV12,
  fetchV4,
  initProducerIdV0,
  initProducerIdV4,
  listOffsetsV1,
  listOffsetsV2,
  listOffsetsV7,
  metadataV12,
  metadataV4,
  metadataV8,
  produceV3,
  produceV7,
  produceV8
} from "@platformatic/kafka"
import type { Connect } from "../wire/Connection.ts"
import * as Channel from "./Channel.ts"
import { coordinationOf } from "./coordination.ts"
import { type Answer, answerOf } from "./fetch.ts"
import { encode } from "./produce.ts"
import { ofThrown } from "./thrown.ts"

/** The newest first; what lies between two of them is served by the older one. */
const PRODUCE = [produceV8, produceV7, produceV3]
const METADATA = [metadataV12, metadataV8, metadataV4]
const LIST_OFFSETS = [listOffsetsV7, listOffsetsV2, listOffsetsV1]
const FETCH = [fetchV12, fetchV11, fetchV10, fetchV4]
const INIT_PRODUCER_ID = [initProducerIdV4, initProducerIdV0]
const CREATE_TOPICS = [createTopicsV7, createTopicsV2]
const DESCRIBE_CONFIGS = [describeConfigsV4, describeConfigsV1]

const PRODUCER_TIMEOUT_MS = 60_000
/** It would be taken for a wish to go on as that producer if it were left out. */
const NO_PRODUCER = [-1n, -1] as const
const READ_UNCOMMITTED = 0
const CONSUMER = -1
/** What the broker gives for rights that it was not asked for. */
const UNSAID = -(2 ** 31)

const ANY_EPOCH = -1
const NO_SESSION = { id: 0, epoch: -1 }

type Produced = ReturnType<typeof produceV8.parseResponse>

/** Like the client's own, with a payload that is made before. */
const sendProduce = (
  client: Client,
  { api, parseResponse }: (typeof PRODUCE)[number],
  payload: Awaited<ReturnType<typeof encode>>,
  onEncoded: () => void
) =>
  new Promise<Produced | undefined>((resolve, reject) => {
    const written = () => {
      onEncoded()
      return payload
    }
    client.send(api.key, api.version, written, parseResponse, false, false, (error, answer) =>
      error === null ? resolve(answer) : reject(error)
    )
  })

export const connect: Connect = (address, settings) => {
  const { ask, close, isOpen, open, socket } = Channel.make(address, settings)

  return {
    connect: open,
    isConnected: isOpen,
    disconnect: close,
    socket,
    errorOf: ofThrown,
    ...coordinationOf(ask),

    metadata: async (names, withRights = false) => {
      const answer = await ask(METADATA, ({ api }, client) => api.async(client, [...names], false, withRights))
      const topics = answer.topics.map(({ errorCode, name, partitions, topicAuthorizedOperations: operations }) => ({
        name: name ?? "",
        errorCode,
        partitions: partitions.map(({ leaderId, partitionIndex, replicaNodes }) => ({
          partition: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes
        })),
        ...(operations === UNSAID ? {} : { authorizedOperations: operations })
      }))
      return { brokers: answer.brokers, controllerId: answer.controllerId, topics }
    },

    produce: async (request, onEncoded) => {
      const payload = await encode(request)
      const answer = await ask(PRODUCE, (version, client) => sendProduce(client, version, payload, onEncoded))
      if (request.acks === 0 || answer === undefined) return []
      return answer.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ baseOffset, errorCode, index }) => ({
          topic: name,
          partition: index,
          errorCode,
          baseOffset: Number(baseOffset)
        }))
      )
    },

    initProducerId: (transactionalId) =>
      ask(INIT_PRODUCER_ID, ({ api }, client) =>
        api.async(client, transactionalId ?? null, PRODUCER_TIMEOUT_MS, ...NO_PRODUCER)
      ),

    listOffsets: async (questions, replicaId = CONSUMER) => {
      const topics = questions.map(({ partition, timestamp, topic }) => ({
        name: topic,
        partitions: [{ partitionIndex: partition, currentLeaderEpoch: ANY_EPOCH, timestamp: BigInt(timestamp) }]
      }))
      const answer = await ask(LIST_OFFSETS, ({ api }, client) =>
        api.async(client, replicaId, READ_UNCOMMITTED, topics)
      )
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ errorCode, offset, partitionIndex }) => ({
          topic: name,
          partition: partitionIndex,
          errorCode,
          offset: Number(offset)
        }))
      )
    },

    fetch: async (request) => {
      const { maxBytes, offset, partition, topic } = request
      const partitions = [
        {
          partition,
          currentLeaderEpoch: ANY_EPOCH,
          fetchOffset: BigInt(offset),
          lastFetchedEpoch: ANY_EPOCH,
          partitionMaxBytes: maxBytes
        }
      ]
      const answer = await ask(FETCH, ({ api }, client): Promise<Answer> =>
        // What is there is what we want: who waits at the end would hold up the requests behind it.
        api.async(
          client,
          0,
          1,
          maxBytes,
          READ_UNCOMMITTED,
          NO_SESSION.id,
          NO_SESSION.epoch,
          [{ topicId: topic, partitions }],
          [],
          ""
        )
      )
      return answerOf(answer, request)
    },

    createTopic: async ({ config = {}, name, partitions, replicationFactor }, { timeout, validateOnly = false }) => {
      const topic = {
        name,
        numPartitions: partitions,
        replicationFactor: replicationFactor ?? -1,
        assignments: [],
        configs: Object.entries(config).map(([name, value]) => ({ name, value }))
      }
      const answer = await ask(CREATE_TOPICS, ({ api }, client) => api.async(client, [topic], timeout, validateOnly))
      return answer.topics[0] ?? { errorCode: 0 }
    },

    describeConfigs: async (topics, name) => {
      const resources = topics.map((topic) => ({
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName: topic,
        configurationKeys: [name]
      }))
      const answer = await ask(DESCRIBE_CONFIGS, ({ api }, client) => api.async(client, resources, false, false))
      return answer.results.map(({ configs, errorCode, resourceName }) => ({
        topic: resourceName,
        errorCode,
        value: configs[0]?.value
      }))
    }
  }
}
