/** What a topic holds, read by a consumer that shares no code with the driver's producing side. */
import { setTimeout } from "node:timers/promises"
import kafkajs from "kafkajs"
import type { IHeaders, KafkaConfig } from "kafkajs"
import { prepare } from "../../../src/layers/kafkajs/prepare.ts"

// kafkajs reads snappy, lz4 and zstd only with codecs of ours.
prepare()

const { Kafka, logLevel } = kafkajs

const ATTEMPTS = 100

export interface StoredRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: Buffer
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

type Security = Pick<KafkaConfig, "ssl" | "sasl">

export const client = (bootstrap: string, security: Security = {}) =>
  new Kafka({ brokers: bootstrap.split(","), clientId: "test-reader", logLevel: logLevel.NOTHING, ...security })

export interface PartitionOffsets {
  readonly partition: number
  readonly low: number
  /** The offset that the next record will get. */
  readonly high: number
}

/** By partition, in order. A broker that has just started may err, or not know its end yet: believed if said twice. */
export const endOffsets = async (
  bootstrap: string,
  topic: string,
  security?: Security
): Promise<ReadonlyArray<PartitionOffsets>> => {
  const admin = client(bootstrap, security).admin()
  await admin.connect()
  try {
    let before = ""
    for (let attempt = 1; ; attempt++) {
      const offsets = await admin.fetchTopicOffsets(topic).catch((error: unknown) => {
        if (attempt === ATTEMPTS) throw error
        return []
      })
      const now = JSON.stringify(offsets)
      if (offsets.length > 0 && now === before) {
        return offsets
          .map(({ high, low, partition }) => ({ partition, low: Number(low), high: Number(high) }))
          .toSorted((a, b) => a.partition - b.partition)
      }
      before = now
      await setTimeout(100)
    }
  } finally {
    await admin.disconnect()
  }
}

const text = (headers: IHeaders = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

/** What a consumer sees of transactions. */
export type Isolation = "read_uncommitted" | "read_committed"

/** Visits everything from the beginning to the present end, each partition in the order of its offsets. */
export const scanTopic = async (
  bootstrap: string,
  topic: string,
  visit: (record: StoredRecord) => void,
  security?: Security,
  isolation: Isolation = "read_committed"
): Promise<void> => {
  const ends = await endOffsets(bootstrap, topic, security)
  const unread = new Map(ends.filter(({ high, low }) => high > low).map(({ high, partition }) => [partition, high]))
  if (unread.size === 0) return

  const next = new Map<number, number>()
  const consumer = client(bootstrap, security).consumer({
    groupId: `reader-${crypto.randomUUID()}`,
    maxWaitTimeInMs: 100,
    readUncommitted: isolation === "read_uncommitted"
  })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on("consumer.crash", ({ payload }) => {
        // A coordinator that is still loading is asked again by kafkajs itself.
        if (!payload.restart) reject(payload.error)
      })
      // Also after what holds nothing for a consumer, such as the end of a transaction.
      consumer.on("consumer.end_batch_process", ({ payload: { lastOffset, partition } }) => {
        if (Number(lastOffset) + 1 >= (unread.get(partition) ?? 0)) unread.delete(partition)
        if (unread.size === 0) resolve()
      })
      void consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch: { messages, partition } }) => {
            for (const { headers, key, offset, timestamp, value } of messages) {
              // A consumer that joins its group anew begins anew.
              if (Number(offset) < (next.get(partition) ?? 0)) continue
              next.set(partition, Number(offset) + 1)
              visit({
                partition,
                offset: Number(offset),
                key: String(key),
                value: value ?? Buffer.alloc(0),
                timestamp: Number(timestamp),
                headers: text(headers)
              })
            }
          }
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
}

/** Everything from the beginning to the present end, by partition and offset. */
export const readTopic = async (
  bootstrap: string,
  topic: string,
  security?: Security
): Promise<ReadonlyArray<StoredRecord>> => {
  const records: Array<StoredRecord> = []
  await scanTopic(bootstrap, topic, (record) => records.push(record), security)
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
}
