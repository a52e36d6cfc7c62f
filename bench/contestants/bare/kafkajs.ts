/** kafkajs as its documentation shows it. */
import kafkajs from "kafkajs"
import { compressionTypes, register } from "../../../src/layers/kafkajs/codecs.ts"
import type { Driver, DriverOptions } from "./Driver.ts"
import type { Message } from "./envelope.ts"

const CODECS: Readonly<Record<string, number>> = compressionTypes

const toMessage = ({ headers, key, timestamp, value }: Message, partition?: number) => ({
  key,
  value,
  timestamp: String(timestamp),
  headers,
  ...(partition === undefined ? {} : { partition })
})

export const open = async ({ acks, bootstrap, compression: name }: DriverOptions): Promise<Driver> => {
  register()
  const compression = CODECS[name] ?? 0
  const producer = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.ERROR }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner
  })
  await producer.connect()
  return {
    sendAll: async (messages) => {
      const topicMessages = [...Map.groupBy(messages, ({ topic }) => topic)].map(([topic, some]) => ({
        topic,
        messages: some.map((message) => toMessage(message))
      }))
      await producer.sendBatch({ topicMessages, acks, compression })
    },
    sendPartition: async (topic, partition, messages) => {
      await producer.send({
        topic,
        messages: messages.map((message) => toMessage(message, partition)),
        acks,
        compression
      })
    },
    close: () => producer.disconnect()
  }
}
