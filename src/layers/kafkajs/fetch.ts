/**
 * kafkajs's Fetch with an answer read batch by batch: its own forgets the batches that hold no record any more, behind which
 * a reader of a compacted topic would stand still.
 */
import { Predicate } from "effect"
import Decoder from "kafkajs/src/protocol/decoder.js"
import decodeBatch, { type StoredBatch } from "kafkajs/src/protocol/recordBatch/v0/decoder.js"
import { type Definition, type FetchInput, requests } from "kafkajs/src/protocol/requests/index.js"
import type { StoredRecord } from "../../services/KafkaDriver.ts"
import type { FetchAnswer, FetchRequest } from "../wire/Connection.ts"

/** From the first version that knows record batches to the last that kafkajs knows. */
const VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11]
/** Up to where a batch's records begin. */
const BATCH_OVERHEAD = 49
const MAGIC_AT = 16
const MAGIC = 2

/** What is there is what we want: who waits at the end would hold up the requests behind it. */
const NO_WAIT = { maxWaitTime: 0, minBytes: 1 }
const READ_UNCOMMITTED = 0

export interface FetchedPartition {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  /** Whole ones; the first may begin before the offset asked for. */
  readonly batches: ReadonlyArray<StoredBatch>
}

interface Answer {
  /** Of the request as a whole. */
  readonly errorCode: number
  readonly topics: ReadonlyArray<{
    readonly topicName: string
    readonly partitions: ReadonlyArray<FetchedPartition>
  }>
}

const isCutOff = (error: unknown): boolean => Predicate.isError(error) && error.name === "KafkaJSPartialMessageError"

const decodeBatches = async (bytes: Buffer | null): Promise<ReadonlyArray<StoredBatch>> => {
  const batches: Array<StoredBatch> = []
  if (bytes === null || bytes.length <= MAGIC_AT) return batches
  if (bytes.readInt8(MAGIC_AT) !== MAGIC) throw new RangeError("the records are of the format before Kafka 0.11")
  const decoder = new Decoder(bytes)
  try {
    while (decoder.canReadBytes(BATCH_OVERHEAD)) batches.push(await decodeBatch(decoder))
  } catch (error) {
    // The broker cuts where the limit of bytes is reached.
    if (!isCutOff(error)) throw error
  }
  return batches
}

const decodePartition = (version: number) => async (decoder: Decoder) => {
  const partition = decoder.readInt32()
  const errorCode = decoder.readInt16()
  const highWatermark = Number(decoder.readInt64())
  decoder.readInt64() // last stable offset
  if (version >= 5) decoder.readInt64() // first offset
  decoder.readArray((aborted) => [aborted.readInt64(), aborted.readInt64()])
  if (version >= 11) decoder.readInt32() // preferred replica
  return { partition, errorCode, highWatermark, batches: await decodeBatches(decoder.readBytes()) }
}

const decode = (version: number) => async (payload: Buffer) => {
  const decoder = new Decoder(payload)
  /** kafkajs waits so long before the next request; a broker before Kafka 2.0 has waited itself. */
  const clientSideThrottleTime = decoder.readInt32()
  const errorCode = version >= 7 ? decoder.readInt16() : 0
  if (version >= 7) decoder.readInt32() // session
  const topics = await decoder.readArrayAsync(async (one) => ({
    topicName: one.readString(),
    partitions: await one.readArrayAsync(decodePartition(version))
  }))
  return { throttleTime: 0, clientSideThrottleTime, errorCode, topics }
}

export const Fetch: Definition<FetchInput, Answer> = {
  versions: VERSIONS,
  protocol: ({ version }) => {
    const of = requests.Fetch.protocol({ version })
    return (input) => ({
      request: of(input).request,
      response: { decode: decode(version), parse: async (answer) => answer }
    })
  }
}

export const requestOf = ({ maxBytes, offset, partition, topic }: FetchRequest): FetchInput => ({
  ...NO_WAIT,
  maxBytes,
  isolationLevel: READ_UNCOMMITTED,
  topics: [{ topic, partitions: [{ partition, fetchOffset: offset, maxBytes }] }]
})

const textOf = (value: Buffer | null | undefined): string => value?.toString() ?? ""

/** Of a header that comes more than once, the last. */
const headerText = (value: StoredBatch["records"][number]["headers"][string]): string =>
  textOf(value === null || Buffer.isBuffer(value) ? value : value?.at(-1))

/** Control records are for transactions, not for readers. */
const recordsOf = (batches: ReadonlyArray<StoredBatch>, topic: string, partition: number) =>
  batches
    .filter(({ isControlBatch }) => !isControlBatch)
    .flatMap(({ records }) => records)
    .map(({ headers, key, offset, timestamp, value }): StoredRecord => ({
      topic,
      partition,
      offset: Number(offset),
      key: textOf(key),
      value: value ?? new Uint8Array(),
      timestamp: Number(timestamp),
      headers: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, headerText(one)]))
    }))

export const answerOf = (answer: Answer, { partition, topic }: FetchRequest): FetchAnswer | undefined => {
  if (answer.errorCode !== 0) return { errorCode: answer.errorCode, highWatermark: -1, records: [] }
  const found = answer.topics
    .find(({ topicName }) => topicName === topic)
    ?.partitions.find((one) => one.partition === partition)
  if (found === undefined) return undefined
  const { batches, errorCode, highWatermark } = found
  const last = batches.at(-1)
  return {
    errorCode,
    highWatermark,
    records: recordsOf(batches, topic, partition),
    ...(last === undefined ? {} : { next: Number(last.firstOffset) + last.lastOffsetDelta + 1 })
  }
}
