/** Where the values of a fetched set of record batches lie, decompressed: read by hand, since the observer has to be cheap. */
import zlib from "node:zlib"
import * as lz4 from "lz4-napi"
import snappy from "snappy"

/** Of one record batch (version 2), up to its records. */
const HEADER = 61
const LENGTH_AT = 8
const ATTRIBUTES_AT = 21
const COUNT_AT = 57
/** Of the batch, what its length does not count. */
const BEFORE_LENGTH_ENDS = 12
const CODEC_MASK = 7
const CONTROL_FLAG = 32

/** How Java frames snappy: magic and two versions in 16 bytes, then blocks, each behind its length. */
const XERIAL_HEADER = 16
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])

const unsnap = (data: Buffer): Buffer => {
  if (!data.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return Buffer.from(snappy.uncompressSync(data))
  const blocks: Array<Buffer> = []
  for (let at = XERIAL_HEADER; at < data.length;) {
    const start = at + 4
    at = start + data.readUInt32BE(at)
    blocks.push(Buffer.from(snappy.uncompressSync(data.subarray(start, at))))
  }
  return Buffer.concat(blocks)
}

const DECOMPRESS: ReadonlyArray<(data: Buffer) => Buffer> = [
  (data) => data,
  (data) => zlib.gunzipSync(data),
  unsnap,
  (data) => lz4.decompressFrameSync(data),
  (data) => zlib.zstdDecompressSync(data)
]

export type Visit = (records: Buffer, valueAt: number, valueEnd: number) => void

/** Visits each value; the offset behind the last whole batch, or `from` where there is none. */
export const visitValues = (set: Buffer, from: number, visit: Visit): number => {
  let next = from
  for (let at = 0; at + HEADER <= set.length;) {
    const end = at + BEFORE_LENGTH_ENDS + set.readInt32BE(at + LENGTH_AT)
    // The broker cuts the last one off.
    if (end > set.length) break
    const base = Number(set.readBigInt64BE(at))
    const attributes = set.readUInt16BE(at + ATTRIBUTES_AT)
    const count = set.readInt32BE(at + COUNT_AT)
    next = base + set.readInt32BE(at + ATTRIBUTES_AT + 2) + 1
    if ((attributes & CONTROL_FLAG) === 0) {
      const decompress = DECOMPRESS[attributes & CODEC_MASK]
      if (decompress === undefined) throw new Error(`codec ${attributes & CODEC_MASK} is not known`)
      visitRecords(decompress(set.subarray(at + HEADER, end)), count, from - base, visit)
    }
    at = end
  }
  return next
}

/** Those from a delta of the batch's first offset on. */
const visitRecords = (records: Buffer, count: number, fromDelta: number, visit: Visit): void => {
  let at = 0
  const varint = () => {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = records[at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) break
      factor *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  for (let index = 0; index < count; index++) {
    const length = varint()
    const end = at + length
    at++ // attributes
    varint() // timestamp
    const delta = varint()
    const key = varint()
    if (key > 0) at += key
    const value = varint()
    if (value >= 0 && delta >= fromDelta) visit(records, at, at + value)
    at = end
  }
}
