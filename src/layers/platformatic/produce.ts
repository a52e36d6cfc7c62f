/** The request for records, with numbers of its own for each partition: the client's has one producer for all of them. */
import { createRecordsBatchAsync, NumericMap, Writer } from "@platformatic/kafka"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { Part, ProduceRequest } from "../wire/Connection.ts"

const messageOf = ({ headers, key, timestamp, topic, value }: SinkRecord) => ({
  topic,
  key: Buffer.from(key),
  value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  timestamp: BigInt(timestamp),
  headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]))
})

const batchOf = (
  { firstSequence = 0, partition, producerEpoch = 0, producerId = -1n, records, topic }: Part,
  compression: ProduceRequest["compression"]
): Promise<Writer> =>
  createRecordsBatchAsync(
    records.map((record) => ({ ...messageOf(record), partition })),
    { compression, producerId, producerEpoch, sequences: new NumericMap([[`${topic}:${partition}`, firstSequence]]) }
  )

/** As versions 3 to 8 have it: they differ in the answer alone. */
export const encode = async ({ acks, compression, parts, timeout }: ProduceRequest): Promise<Writer> => {
  const batches = await Promise.all(parts.map(async (part) => ({ part, batch: await batchOf(part, compression) })))
  const writer = Writer.create()
    .appendString(null, false)
    .appendInt16(acks)
    .appendInt32(timeout)
    .appendArray(
      [...Map.groupBy(batches, ({ part }) => part.topic)],
      (topics, [topic, ofTopic]) => {
        topics.appendString(topic, false).appendArray(
          ofTopic,
          (partitions, { batch, part }) => {
            partitions.appendInt32(part.partition).appendInt32(batch.length).appendFrom(batch)
          },
          false,
          false
        )
      },
      false,
      false
    )
  writer.context["noResponse"] = acks === 0
  return writer
}
