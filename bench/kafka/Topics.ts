/** The topics of a run: made before it, counted by their log-end offsets, deleted after it. */
import kafkajs from "kafkajs"
import { prepare } from "../../src/layers/kafkajs/prepare.ts"
import { PARTITIONS, topicOf } from "./layout.ts"

// As it comes, kafkajs spins on a timer: here it would take from the broker's core.
prepare()

const DATA_TOPICS = Object.values(topicOf)

/** What the connector has beside them. */
const OTHER_TOPICS = ["dead_letter", "continuity", "positions"]

export interface Topics {
  readonly create: (prefix: string) => Promise<void>
  /** How many records the data topics hold. */
  readonly count: (prefix: string) => Promise<number>
  readonly ends: (topic: string) => Promise<ReadonlyArray<number>>
  readonly remove: (prefix: string) => Promise<void>
  readonly close: () => Promise<void>
}

export const open = async (bootstrap: string): Promise<Topics> => {
  const admin = new kafkajs.Kafka({
    brokers: [bootstrap],
    clientId: "bench",
    logLevel: kafkajs.logLevel.NOTHING
  }).admin()
  await admin.connect()
  const ends = async (topic: string) =>
    (await admin.fetchTopicOffsets(topic))
      .toSorted((one, other) => one.partition - other.partition)
      .map(({ high }) => Number(high))
  return {
    ends,
    create: async (prefix) => {
      await admin.createTopics({
        waitForLeaders: true,
        topics: DATA_TOPICS.map((name) => ({ topic: prefix + name, numPartitions: PARTITIONS, replicationFactor: 1 }))
      })
    },
    count: async (prefix) => {
      const all = await Promise.all(DATA_TOPICS.map((name) => ends(prefix + name)))
      return all.flat().reduce((sum, end) => sum + end, 0)
    },
    remove: async (prefix) => {
      const present = new Set(await admin.listTopics())
      const topics = [...DATA_TOPICS, ...OTHER_TOPICS].map((name) => prefix + name).filter((name) => present.has(name))
      if (topics.length > 0) await admin.deleteTopics({ topics })
    },
    close: () => admin.disconnect()
  }
}
