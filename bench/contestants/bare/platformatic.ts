/** @platformatic/kafka as its documentation shows it, with the partitioner of the Java client. */
import { compatibilityPartitioner, CompressionAlgorithms, Producer, stringSerializers } from "@platformatic/kafka"
import type { Driver, DriverOptions } from "./Driver.ts"
import type { Message } from "./envelope.ts"

export const open = ({ acks, bootstrap, compression: name }: DriverOptions): Driver => {
  const compression = Object.values(CompressionAlgorithms).find((one) => one === name) ?? CompressionAlgorithms.NONE
  const producer = new Producer({
    clientId: "bare",
    bootstrapBrokers: [bootstrap],
    serializers: stringSerializers,
    partitioner: compatibilityPartitioner
  })
  const toMessage = ({ headers, key, timestamp, topic, value }: Message, partition?: number) => ({
    topic,
    key,
    value,
    timestamp: BigInt(timestamp),
    headers,
    ...(partition === undefined ? {} : { partition })
  })
  return {
    sendAll: async (messages) => {
      await producer.send({ messages: messages.map((message) => toMessage(message)), acks, compression })
    },
    sendPartition: async (_topic, partition, messages) => {
      await producer.send({ messages: messages.map((message) => toMessage(message, partition)), acks, compression })
    },
    close: () => producer.close()
  }
}
