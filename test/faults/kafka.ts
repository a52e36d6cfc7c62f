/** A real Kafka that a scenario may hurt, and that is whole again afterwards. */
import { once } from "node:events"
import kafkajs from "kafkajs"
import { type Broker, type Cluster, startBroker, startCluster } from "../support/kafka/broker.ts"
import { freePorts } from "../support/kafka/freePorts.ts"
import { type Proxy, startProxy } from "../support/kafka/proxy.ts"
import { client } from "../support/kafka/records.ts"

export interface Node {
  readonly isUp: () => boolean
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** As a power cut does. */
  readonly kill: () => Promise<void>
  readonly pause: () => void
  readonly resume: () => void
}

export interface Kafka {
  /** What the connector is told, and what the judge reads from. */
  readonly bootstrap: string
  readonly nodes: ReadonlyArray<Node>
  /** Between the connector and a single broker; the nodes of three are reached directly. */
  readonly proxy: Proxy | undefined
  /** The node that leads the topic's first partition. */
  readonly leaderOf: (topic: string) => Promise<number>
  readonly deleteTopic: (topic: string) => Promise<void>
  /** The largest batch that the topic takes; undefined: the broker's own limit again. */
  readonly limit: (topic: string, maxMessageBytes: number | undefined) => Promise<void>
  /** Undoes whatever was done to it. */
  readonly heal: () => Promise<void>
  readonly remove: () => Promise<void>
}

const withAdmin = async <A>(bootstrap: string, use: (admin: kafkajs.Admin) => Promise<A>): Promise<A> => {
  const admin = client(bootstrap).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

const nodeOf = (broker: Pick<Broker, "start" | "stop" | "kill" | "pause" | "resume">): Node => {
  let isUp = true
  return {
    isUp: () => isUp,
    start: async () => {
      await broker.start()
      isUp = true
    },
    stop: async () => {
      isUp = false
      await broker.stop()
    },
    kill: async () => {
      isUp = false
      await broker.kill()
    },
    pause: broker.pause,
    resume: broker.resume
  }
}

const make = (
  bootstrap: string,
  nodes: ReadonlyArray<Node>,
  proxy: Proxy | undefined,
  remove: () => Promise<void>
): Kafka => ({
  bootstrap,
  nodes,
  proxy,
  leaderOf: (topic) =>
    withAdmin(bootstrap, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const first = topics[0]?.partitions.find(({ partitionId }) => partitionId === 0)
      return (first?.leader ?? 1) - 1
    }),
  deleteTopic: (topic) => withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [topic] })),
  limit: (topic, maxMessageBytes) =>
    withAdmin(bootstrap, async (admin) => {
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries:
              maxMessageBytes === undefined ? [] : [{ name: "max.message.bytes", value: String(maxMessageBytes) }]
          }
        ]
      })
    }),
  heal: async () => {
    if (proxy !== undefined) {
      proxy.answers = "pass"
      proxy.delayMillis = 0
    }
    for (const node of nodes) node.resume()
    for (const node of nodes) if (!node.isUp()) await node.start()
  },
  remove
})

/** One broker whose every client comes through a proxy. */
export const startOne = async (): Promise<Kafka> => {
  const [port = 0] = await freePorts(1)
  const proxy = await startProxy(() => port)
  const bootstrap = `127.0.0.1:${proxy.port}`
  const broker = await startBroker({ port, properties: { "advertised.listeners": `CLIENT://${bootstrap}` } })
  return make(bootstrap, [nodeOf(broker)], proxy, async () => {
    await broker.remove()
    await proxy.close()
  })
}

export const startThree = async (): Promise<Kafka> => {
  const cluster: Cluster = await startCluster(3)
  return make(cluster.bootstrap.join(","), cluster.nodes.map(nodeOf), undefined, cluster.remove)
}

/** Stores the newest records of the topic's partitions again, as a careless client does whose answer was lost. */
export const storeAgain = async (bootstrap: string, topic: string, count: number): Promise<void> => {
  const kafka = client(bootstrap)
  const consumer = kafka.consumer({ groupId: `again-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 })
  const messages: Array<kafkajs.KafkaMessage> = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const enough = new EventTarget()
  const reached = once(enough, "reached")
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      if (messages.length < count) messages.push(message)
      else enough.dispatchEvent(new Event("reached"))
    }
  })
  await reached
  await consumer.disconnect()
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({
    topic,
    messages: messages.map(({ headers = {}, key, value }) => ({ key, value, headers }))
  })
  await producer.disconnect()
}
