/**
 * The format of a spool's file: a header, then frames. A frame is
 *
 * ```
 * marker (4) | number (6) | length (4) | CRC-32C of number, length and payload (4) | payload: one record
 * ```
 *
 * little-endian. Records are numbered without a hole over all files, so that what is missing can be counted. Reading goes
 * from one intact frame to the next: behind damage it looks for the next marker with a checksum that is right, so that no
 * damage costs more than the frames that it lies in. The marker is no UTF-8: JSON does not hold it.
 */
import { crc32c } from "./crc32c.ts"
import * as recordBytes from "./recordBytes.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"

const VERSION = 1
const MAGIC = Buffer.from("BKSPOOL")
const MARKER = Buffer.of(0xf5, 0xb1, 0xc0, 0xde)

const NUMBER = 4
const LENGTH = NUMBER + 6
const CHECKSUM = LENGTH + 4
const PAYLOAD = CHECKSUM + 4

const headerOf = (version: number): Buffer => {
  const named = Buffer.of(...MAGIC, version)
  const header = Buffer.concat([named, Buffer.alloc(4)])
  header.writeUInt32LE(crc32c(named), named.length)
  return header
}

/** How every file begins. */
export const HEADER = headerOf(VERSION)

/** Whether the file is intact and yet not ours to read; a damaged header says nothing, its frames do. */
export const isForeign = (bytes: Buffer): boolean => {
  const version = bytes[MAGIC.length] ?? VERSION
  return version !== VERSION && bytes.subarray(0, HEADER.length).equals(headerOf(version))
}

const frameBytes = (record: SinkRecord): number => PAYLOAD + recordBytes.sizeOf(record)

/** How many of the records, at least one of them, take up to so many bytes; and how many that is. */
export const measure = (records: ReadonlyArray<SinkRecord>, from: number, limit: number) => {
  let end = from
  let bytes = 0
  for (let record = records[end]; record !== undefined; record = records[end]) {
    const more = frameBytes(record)
    if (end > from && bytes + more > limit) break
    bytes += more
    end++
  }
  return { end, bytes }
}

/** Frames of the records, the first one with this number. `bytes`: as measured. */
export const encode = (records: ReadonlyArray<SinkRecord>, first: number, bytes: number): Buffer => {
  const frames = Buffer.allocUnsafe(bytes)
  let at = 0
  records.forEach((record, index) => {
    frames.set(MARKER, at)
    frames.writeUIntLE(first + index, at + NUMBER, 6)
    const end = recordBytes.write(frames, at + PAYLOAD, record)
    frames.writeUInt32LE(end - at - PAYLOAD, at + LENGTH)
    const head = crc32c(frames, at + NUMBER, at + CHECKSUM)
    frames.writeUInt32LE(crc32c(frames, at + PAYLOAD, end, head), at + CHECKSUM)
    at = end
  })
  return frames
}

export interface Frame {
  readonly number: number
  readonly payload: Buffer
  /** Where the next one begins. */
  readonly end: number
}

/** The end of the frame that begins here, judged by its marker and length alone. */
const endAt = (bytes: Buffer, at: number): number | undefined => {
  if (at + PAYLOAD > bytes.length || MARKER.compare(bytes, at, at + MARKER.length) !== 0) return undefined
  const end = at + PAYLOAD + bytes.readUInt32LE(at + LENGTH)
  return end > bytes.length ? undefined : end
}

const frameAt = (bytes: Buffer, at: number): Frame | undefined => {
  const end = endAt(bytes, at)
  if (end === undefined) return undefined
  const head = crc32c(bytes, at + NUMBER, at + CHECKSUM)
  if (crc32c(bytes, at + PAYLOAD, end, head) !== bytes.readUInt32LE(at + CHECKSUM)) return undefined
  return { number: bytes.readUIntLE(at + NUMBER, 6), payload: bytes.subarray(at + PAYLOAD, end), end }
}

/** The first intact frame that begins here or later. */
export const next = (bytes: Buffer, from: number): Frame | undefined => {
  for (let at = from; at !== -1; at = bytes.indexOf(MARKER, at + 1)) {
    const frame = frameAt(bytes, at)
    if (frame !== undefined) return frame
  }
  return undefined
}

/** How many frames, intact or not, follow one another from here; what is left is the torn end of a write. */
export const countFrom = (bytes: Buffer, from: number): number => {
  let count = 0
  for (let end = endAt(bytes, from); end !== undefined; end = endAt(bytes, end)) count++
  return count
}
