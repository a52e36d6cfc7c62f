/** kafkajs's Produce with numbers of its own for each partition: its own has one producer for all of them. */
import Encoder from "kafkajs/src/protocol/encoder.js"
import encodeRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js"
import { RecordBatch } from "kafkajs/src/protocol/recordBatch/v0/index.js"
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js"
import { type Definition, type ProduceAnswer, requests } from "kafkajs/src/protocol/requests/index.js"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { Part, ProduceRequest } from "../wire/Connection.ts"
import { compressionTypes } from "./codecs.ts"

/** From the first version that knows record batches to the last that kafkajs knows: they differ in the answer alone. */
const VERSIONS = [3, 4, 5, 6, 7]

const recordAt = ({ headers, key, timestamp, value }: SinkRecord, offsetDelta: number, firstTimestamp: number) =>
  encodeRecord({
    offsetDelta,
    timestampDelta: timestamp - firstTimestamp,
    key,
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers
  })

const batchOf = (
  { firstSequence = 0, producerEpoch = 0, producerId = -1n, records }: Part,
  compression: ProduceRequest["compression"]
) => {
  const timestamps = records.map(({ timestamp }) => timestamp)
  const firstTimestamp = timestamps.reduce((a, b) => Math.min(a, b), Infinity)
  return RecordBatch({
    compression: compressionTypes[compression],
    records: records.map((record, index) => recordAt(record, index, firstTimestamp)),
    firstTimestamp: String(firstTimestamp),
    maxTimestamp: String(timestamps.reduce((a, b) => Math.max(a, b), -Infinity)),
    lastOffsetDelta: records.length - 1,
    producerId: String(producerId),
    producerEpoch,
    firstSequence
  })
}

const encode = async ({ acks, compression, parts, timeout }: ProduceRequest): Promise<Encoder> => {
  const batches = await Promise.all(parts.map(async (part) => ({ part, batch: await batchOf(part, compression) })))
  const topics = [...Map.groupBy(batches, ({ part }) => part.topic)].map(([topic, ofTopic]) =>
    new Encoder()
      .writeString(topic)
      .writeArray(
        ofTopic.map(({ batch, part }) =>
          new Encoder().writeInt32(part.partition).writeInt32(batch.size()).writeEncoder(batch)
        )
      )
  )
  return new Encoder().writeString(null).writeInt16(acks).writeInt32(timeout).writeArray(topics)
}

export const Produce: Definition<ProduceRequest, ProduceAnswer> = {
  versions: VERSIONS,
  protocol:
    ({ version }) =>
    (request) => ({
      request: {
        apiKey: apiKeys.Produce,
        apiVersion: version,
        apiName: "Produce",
        expectResponse: () => request.acks !== 0,
        encode: () => encode(request)
      },
      response: requests.Produce.protocol({ version })({ acks: request.acks, timeout: request.timeout, topicData: [] })
        .response
    })
}
