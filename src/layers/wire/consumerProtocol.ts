/**
 * What members of a consumer group tell each other, in Kafka's own form, so that its tools show who has which shard: shards are
 * the partitions of one topic.
 *
 * @see https://github.com/apache/kafka/tree/trunk/clients/src/main/resources/common/message (ConsumerProtocol*.json)
 */
import { Option, Schema } from "effect"
import type { Claim, Share } from "../../services/KafkaGroup.ts"

/** With owned partitions and the generation (KIP-792). */
const SUBSCRIPTION = 2
const ASSIGNMENT = 0
const NO_GENERATION = -1

/** What Kafka's form leaves to us. */
const decodeAbout = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ instance: Schema.String })))
const decodeGroup = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ members: Schema.Finite })))

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
const bytes = (value: Buffer): Buffer => Buffer.concat([int32(value.length), value])

/** One topic's partitions, or nothing. */
const partitions = (topic: string, shards: ReadonlyArray<number>): Buffer =>
  shards.length === 0 ? int32(0) : Buffer.concat([int32(1), text(topic), int32(shards.length), ...shards.map(int32)])

export const encodeClaim = (topic: string, { generation, instance, owned }: Claim): Buffer =>
  Buffer.concat([
    int16(SUBSCRIPTION),
    int32(1),
    text(topic),
    bytes(Buffer.from(JSON.stringify({ instance }))),
    partitions(topic, owned),
    int32(generation)
  ])

export const encodeAssignment = (topic: string, { members, shards }: Share): Buffer =>
  Buffer.concat([int16(ASSIGNMENT), partitions(topic, shards), bytes(Buffer.from(JSON.stringify({ members })))])

/** Reads on; throws a `RangeError` behind the end. */
const reader = (from: Buffer) => {
  let at = 0
  const skip = (length: number): number => {
    const start = at
    at += length
    return start
  }
  const int16 = () => from.readInt16BE(skip(2))
  const int32 = () => from.readInt32BE(skip(4))
  const slice = (length: number) => {
    const start = skip(Math.max(0, length))
    if (at > from.length) throw new RangeError("it ends too early")
    return from.subarray(start, at)
  }
  const text = () => slice(int16()).toString()
  const array = <A>(read: () => A): ReadonlyArray<A> => {
    const length = int32()
    if (length > from.length) throw new RangeError("it cannot hold so many")
    return Array.from({ length: Math.max(0, length) }, read)
  }
  return { int16, int32, text, array, bytes: () => slice(int32()) }
}

const shardsOf = ({ array, int32, text }: ReturnType<typeof reader>): ReadonlyArray<number> =>
  array(() => {
    text()
    return array(int32)
  }).flat()

const orElse = <A>(read: () => A, otherwise: A): A => {
  try {
    return read()
  } catch {
    return otherwise
  }
}

const NOTHING: Claim = { owned: [], generation: NO_GENERATION, instance: "" }

/** Of something else than this program nothing is claimed. */
export const decodeClaim = (metadata: Buffer): Claim =>
  orElse(() => {
    const read = reader(metadata)
    const version = read.int16()
    read.array(read.text)
    const { instance } = Option.getOrElse(decodeAbout(read.bytes().toString()), () => NOTHING)
    const owned = version >= 1 ? shardsOf(read) : []
    return { owned, generation: version >= SUBSCRIPTION ? read.int32() : NO_GENERATION, instance }
  }, NOTHING)

const NO_SHARE: Share = { shards: [], members: 1 }

export const decodeAssignment = (assignment: Buffer | null): Share =>
  orElse(() => {
    if (assignment === null || assignment.length === 0) return NO_SHARE
    const read = reader(assignment)
    read.int16()
    const shards = shardsOf(read)
    return { shards, members: Option.getOrElse(decodeGroup(read.bytes().toString()), () => NO_SHARE).members }
  }, NO_SHARE)
