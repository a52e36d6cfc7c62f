/**
 * A record batch as the broker stores it (version 2), written in one pass into memory that is used again for every batch: per
 * record nothing is allocated.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
import { crc32c } from "@node-rs/crc32"
import type { Compression } from "../../schema/Settings.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { codecs } from "./compressing.ts"
import type { Part } from "./Connection.ts"

/** Of a producer that is nobody. */
const NO_PRODUCER = { producerId: -1n, producerEpoch: -1, firstSequence: -1 }

/** Where things stand in the head of a batch, bytes. */
const LENGTH_AT = 8
const EPOCH_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_DELTA_AT = 23
const BASE_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const PRODUCER_EPOCH_AT = 51
const SEQUENCE_AT = 53
const COUNT_AT = 57
const HEAD = 61

const MAGIC = 2
/** The sender does not say which leader it means. */
const NO_EPOCH = -1

/** The most bytes of a number of 64 bits. */
const LONGEST_VARINT = 10
/** Of UTF-8, for one unit of a string. */
const LONGEST_UNIT = 3

/** Grows with the largest batch and stays. */
let memory = Buffer.allocUnsafeSlow(64 * 1024)

const room = (at: number, bytes: number): void => {
  if (at + bytes <= memory.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(memory.length * 2, at + bytes))
  memory.copy(larger, 0, 0, at)
  memory = larger
}

/** A whole number up to 2^52 either way, zigzag; gives the place behind it, as all that write do. */
const writeNumber = (value: number, at: number): number => {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest > 0x7f) {
    memory[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  memory[at++] = rest
  return at
}

/** The longest text whose length takes one byte. */
const SHORT = 63

/** A text behind its length. Nearly all are short ASCII, which is written here faster than by a call out of JavaScript. */
const writeText = (text: string, at: number): number => {
  const { length } = text
  if (length <= SHORT) {
    let unit = 0
    for (; unit < length; unit++) {
      const code = text.charCodeAt(unit)
      if (code > 0x7f) break
      memory[at + 1 + unit] = code
    }
    if (unit === length) {
      memory[at] = length * 2
      return at + 1 + length
    }
  }
  const start = writeNumber(Buffer.byteLength(text), at)
  return start + memory.write(text, start)
}

const writeBytes = (bytes: Uint8Array, at: number): number => {
  const start = writeNumber(bytes.byteLength, at)
  memory.set(bytes, start)
  return start + bytes.byteLength
}

const mostBytes = ({ headers, key, value }: SinkRecord): number => {
  let units = key.length
  let numbers = 6
  for (const name in headers) {
    units += name.length + (headers[name]?.length ?? 0)
    numbers += 2
  }
  return units * LONGEST_UNIT + numbers * LONGEST_VARINT + value.byteLength
}

/** Of nearly every record's length. */
const USUAL = 2

const writeRecord = (record: SinkRecord, offsetDelta: number, timestampDelta: number, from: number): number => {
  const { headers, key, value } = record
  room(from, mostBytes(record))
  // Its length goes before it, and is known behind it.
  const start = from + USUAL
  memory[start] = 0
  let at = writeNumber(timestampDelta, start + 1)
  at = writeNumber(offsetDelta, at)
  at = writeText(key, at)
  at = writeBytes(value, at)
  let count = 0
  for (const _ in headers) count++
  at = writeNumber(count, at)
  for (const name in headers) {
    at = writeText(name, at)
    at = writeText(headers[name] ?? "", at)
  }
  const length = at - start
  const taken = length < 0x40 ? 1 : length < 0x2000 ? USUAL : length < 0x10_0000 ? 3 : length < 0x800_0000 ? 4 : 5
  if (taken !== USUAL) memory.copyWithin(from + taken, start, at)
  writeNumber(length, from)
  return from + taken + length
}

/** The batch of a part's records, at least one. */
export const encode = (part: Part, compression: Compression): Buffer | Promise<Buffer> => {
  const { records } = part
  const { firstSequence, producerEpoch, producerId } = { ...NO_PRODUCER, ...part }
  const base = records[0]?.timestamp ?? 0
  let max = base
  let end = HEAD
  records.forEach((record, index) => {
    if (record.timestamp > max) max = record.timestamp
    end = writeRecord(record, index, record.timestamp - base, end)
  })
  const codec = codecs[compression]

  const finish = (body: Buffer): Buffer => {
    const batch = Buffer.allocUnsafe(HEAD + body.length)
    batch.set(body, HEAD)
    batch.writeBigInt64BE(0n, 0)
    batch.writeInt32BE(batch.length - EPOCH_AT, LENGTH_AT)
    batch.writeInt32BE(NO_EPOCH, EPOCH_AT)
    batch.writeInt8(MAGIC, MAGIC_AT)
    batch.writeInt16BE(codec.bits, ATTRIBUTES_AT)
    batch.writeInt32BE(records.length - 1, LAST_DELTA_AT)
    batch.writeBigInt64BE(BigInt(base), BASE_TIMESTAMP_AT)
    batch.writeBigInt64BE(BigInt(max), MAX_TIMESTAMP_AT)
    batch.writeBigInt64BE(producerId, PRODUCER_ID_AT)
    batch.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT)
    batch.writeInt32BE(firstSequence, SEQUENCE_AT)
    batch.writeInt32BE(records.length, COUNT_AT)
    batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
    return batch
  }

  const body = codec.compress(memory.subarray(HEAD, end))
  return body instanceof Promise ? body.then(finish) : finish(body)
}
