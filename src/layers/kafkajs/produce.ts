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

export type EncodeBatch = (part: Part, compression: ProduceRequest["compression"]) => Buffer | Promise<Buffer>

const recordAt = ({ headers, key, timestamp, value }: SinkRecord, offsetDelta: number, firstTimestamp: number) =>
  encodeRecord({
    offsetDelta,
    timestampDelta: timestamp - firstTimestamp,
    key,
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers
  })

/** The batch as kafkajs writes it. */
export const encodeBatch: EncodeBatch = async (
  { firstSequence = 0, producerEpoch = 0, producerId = -1n, records },
  compression
) => {
  const timestamps = records.map(({ timestamp }) => timestamp)
  const firstTimestamp = timestamps.reduce((a, b) => Math.min(a, b), Infinity)
  const batch = await RecordBatch({
    compression: compressionTypes[compression],
    records: records.map((record, index) => recordAt(record, index, firstTimestamp)),
    firstTimestamp: String(firstTimestamp),
    maxTimestamp: String(timestamps.reduce((a, b) => Math.max(a, b), -Infinity)),
    lastOffsetDelta: records.length - 1,
    producerId: String(producerId),
    producerEpoch,
    firstSequence
  })
  return batch.buffer
}

const encode = async (
  { acks, compression, parts, timeout }: ProduceRequest,
  encodeBatch: EncodeBatch
): Promise<Encoder> => {
  const batches = await Promise.all(parts.map(async (part) => ({ part, batch: await encodeBatch(part, compression) })))
  const topics = [...Map.groupBy(batches, ({ part }) => part.topic)].map(([topic, ofTopic]) =>
    new Encoder()
      .writeString(topic)
      .writeArray(ofTopic.map(({ batch, part }) => new Encoder().writeInt32(part.partition).writeBytes(batch)))
  )
  return new Encoder().writeString(null).writeInt16(acks).writeInt32(timeout).writeArray(topics)
}

export const produceWith = (encodeBatch: EncodeBatch): Definition<ProduceRequest, ProduceAnswer> => ({
  versions: VERSIONS,
  protocol:
    ({ version }) =>
    (request) => ({
      request: {
        apiKey: apiKeys.Produce,
        apiVersion: version,
        apiName: "Produce",
        expectResponse: () => request.acks !== 0,
        encode: () => encode(request, encodeBatch)
      },
      response: requests.Produce.protocol({ version })({ acks: request.acks, timeout: request.timeout, topicData: [] })
        .response
    })
})
