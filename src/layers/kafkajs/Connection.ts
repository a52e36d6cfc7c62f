/** A connection of kafkajs: its way through TLS and SASL, and its wire format. */
import net from "node:net"
import tls from "node:tls"
import { Duration, Effect, Option, Redacted } from "effect"
import type { ISocketFactory, SASLOptions } from "kafkajs"
import Broker from "kafkajs/src/broker/index.js"
import type { Logger } from "kafkajs/src/loggers/index.js"
import ConnectionPool from "kafkajs/src/network/connectionPool.js"
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js"
import { type Definition, type Protocol, requests } from "kafkajs/src/protocol/requests/index.js"
import type { Sasl } from "../../schema/Settings.ts"
import type { Connect, Connection } from "../wire/Connection.ts"
import { CONNECT_LIMIT } from "../wire/Link.ts"
import { KEEP_ALIVE_MS, tlsOptions } from "../wire/sockets.ts"
import { coordinationOf } from "./coordination.ts"
import { answerOf, Fetch, requestOf } from "./fetch.ts"
import * as KafkaJsLogger from "./logger.ts"
import { metadataOf, MetadataWithRights } from "./metadata.ts"
import { prepare } from "./prepare.ts"
import * as patches from "./patches.ts"
import { produceWith } from "./produce.ts"
import { ofThrown } from "./thrown.ts"

const PRODUCER_TIMEOUT_MS = 60_000
const READ_UNCOMMITTED = 0
const TOPIC_RESOURCE = 2

const saslOptions = ({ mechanism, password, username }: Sasl): SASLOptions => ({
  mechanism,
  username,
  password: Redacted.value(password)
})

/** Says when the request is made and about to be written; leaves the answer's codes to whoever knows what they mean. */
const observed = <O>({ request, response }: Protocol<O>, onEncoded: () => void): Protocol<O> => ({
  request: {
    ...request,
    encode: async () => {
      const encoded = await request.encode()
      onEncoded()
      return encoded
    }
  },
  response: { decode: response.decode, parse: async (answer) => answer }
})

const connectWith =
  (logger: Logger): Connect =>
  ({ host, port }, settings) => {
    if (settings.patches) patches.applyTimers()
    const Produce = produceWith(patches.encoder(settings.patches))
    let socket: net.Socket | undefined
    let opened = false

    const socketFactory: ISocketFactory = ({ host, onConnect, port, ssl }) => {
      // kafkajs would open another one for a request that comes after the end.
      if (opened) throw new Error("the connection has ended")
      opened = true
      const made = ssl
        ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
        : net.connect({ host, port }, onConnect)
      made.setKeepAlive(true, KEEP_ALIVE_MS)
      made.setNoDelay(true)
      made.once("close", () => {
        socket = undefined
      })
      socket = made
      return made
    }

    const connectionPool = new ConnectionPool({
      host,
      port,
      clientId: settings.clientId,
      ...(Option.isSome(settings.tls) ? { ssl: tlsOptions(settings.tls.value) } : {}),
      ...(Option.isSome(settings.sasl) ? { sasl: saslOptions(settings.sasl.value) } : {}),
      socketFactory,
      connectionTimeout: Duration.toMillis(CONNECT_LIMIT),
      // Ours, which cut the socket; kafkajs's would leave the request on its way.
      requestTimeout: 0,
      enforceRequestTimeout: false,
      logger
    })
    if (settings.patches) connectionPool.map(({ requestQueue }) => patches.applyInFlight(requestQueue))
    // It would open a second one for Fetch.
    connectionPool.getConnectionByRequest = () => connectionPool.getConnection(0)

    const broker = new Broker({ logger, authenticationTimeout: Duration.toMillis(CONNECT_LIMIT), connectionPool })

    const send = async <I, O>(
      api: keyof typeof apiKeys,
      definition: Definition<I, O>,
      input: I,
      onEncoded: () => void = () => {}
    ): Promise<O | undefined> =>
      broker.connectionPool.send(observed(broker.lookupRequest(apiKeys[api], definition)(input), onEncoded))

    const ask = async <I, O>(api: keyof typeof apiKeys, definition: Definition<I, O>, input: I): Promise<O> => {
      const answer = await send(api, definition, input)
      if (answer === undefined) throw new TypeError("there is no answer")
      return answer
    }

    return {
      connect: () => broker.connect(),
      isConnected: () => broker.isConnected(),
      disconnect: () => broker.disconnect(),
      socket: () => socket,
      errorOf: ofThrown,
      ...coordinationOf(ask),

      metadata: async (topics, withRights) => {
        const question = { topics, allowAutoTopicCreation: false }
        return metadataOf(await ask("Metadata", withRights === true ? MetadataWithRights : requests.Metadata, question))
      },

      produce: async (request, onEncoded) => {
        const answer = await send("Produce", Produce, request, onEncoded)
        return (answer?.topics ?? []).flatMap(({ partitions, topicName }) =>
          partitions.map(({ baseOffset, errorCode, partition }) => ({
            topic: topicName,
            partition,
            errorCode,
            baseOffset: Number(baseOffset)
          }))
        )
      },

      initProducerId: async (transactionalId) => {
        const question = { transactionalId, transactionTimeout: PRODUCER_TIMEOUT_MS }
        const { errorCode, producerEpoch, producerId } = await ask("InitProducerId", requests.InitProducerId, question)
        return { errorCode, producerEpoch, producerId: BigInt(producerId) }
      },

      listOffsets: async (questions, replicaId = -1) => {
        const topics = questions.map(({ partition, timestamp, topic }) => ({
          topic,
          partitions: [{ partition, timestamp }]
        }))
        const question = { replicaId, isolationLevel: READ_UNCOMMITTED, topics }
        const { responses } = await ask("ListOffsets", requests.ListOffsets, question)
        return responses.flatMap(({ partitions, topic }) =>
          partitions.map(({ errorCode, offset, partition }) => ({
            topic,
            partition,
            errorCode,
            offset: Number(offset)
          }))
        )
      },

      fetch: async (request) => answerOf(await ask("Fetch", Fetch, requestOf(request)), request),

      createTopic: async ({ config = {}, name, partitions, replicationFactor }, options) => {
        const topic = {
          topic: name,
          numPartitions: partitions,
          replicationFactor: replicationFactor ?? -1,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value }))
        }
        const { topicErrors } = await ask("CreateTopics", requests.CreateTopics, { topics: [topic], ...options })
        return topicErrors[0] ?? { errorCode: 0 }
      },

      describeConfigs: async (topics, configName) => {
        const resources = topics.map((name) => ({ type: TOPIC_RESOURCE, name, configNames: [configName] }))
        const answer = await ask("DescribeConfigs", requests.DescribeConfigs, { resources })
        return answer.resources.map(({ configEntries, errorCode, resourceName }) => ({
          topic: resourceName,
          errorCode,
          value: configEntries[0]?.configValue
        }))
      }
    } satisfies Connection
  }

export const make: Effect.Effect<Connect> = Effect.suspend(() => {
  prepare()
  return Effect.map(KafkaJsLogger.make, connectWith)
})
