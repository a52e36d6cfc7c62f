/** The request for records, with numbers of its own for each partition: the client's has one producer for all of them. */
import { Writer } from "@platformatic/kafka"
import type { ProduceRequest } from "../wire/Connection.ts"
import * as RecordBatch from "../wire/recordBatch.ts"

/** As versions 3 to 8 have it: they differ in the answer alone. */
export const encode = async ({ acks, compression, parts, timeout }: ProduceRequest): Promise<Writer> => {
  const batches = await Promise.all(
    parts.map(async (part) => ({ part, batch: await RecordBatch.encode(part, compression) }))
  )
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
            partitions.appendInt32(part.partition).appendInt32(batch.length).append(batch)
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
