/** Answers to Fetch, byte by byte. */
export const int8 = (n: number) => Buffer.from([n & 0xff])
export const int16 = (n: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(n)
  return bytes
}
export const int32 = (n: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n)
  return bytes
}
export const int64 = (n: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(n))
  return bytes
}
export const bytesOf = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes])

/** A batch of which nothing but its offsets is left. */
export const emptyBatch = (firstOffset: number, lastOffsetDelta: number) => {
  const head = Buffer.concat([int32(0), int8(2), int32(0), int16(0), int32(lastOffsetDelta)])
  const rest = Buffer.concat([int64(0), int64(0), int64(-1), int16(-1), int32(-1), int32(0)])
  return Buffer.concat([int64(firstOffset), bytesOf(Buffer.concat([head, rest]))])
}

/** One of partition 5 of topic t, in the form that a version has. */
export const fetchAnswer = (version: number, records: Buffer) =>
  version >= 12
    ? Buffer.concat([
        Buffer.concat([int32(0), int16(0), int32(0)]),
        // Arrays and texts one longer, each part with an empty list of tags behind it.
        Buffer.concat([
          int8(2),
          int8(2),
          Buffer.from("t"),
          int8(2),
          int32(5),
          int16(0),
          int64(30),
          int64(30),
          int64(0)
        ]),
        Buffer.concat([int8(0), int32(-1), varint(records.length + 1), records, int8(0), int8(0), int8(0)])
      ])
    : Buffer.concat([
        int32(0),
        version >= 7 ? Buffer.concat([int16(0), int32(0)]) : Buffer.alloc(0),
        Buffer.concat([int32(1), int16(1), Buffer.from("t"), int32(1), int32(5), int16(0), int64(30), int64(30)]),
        version >= 5 ? int64(0) : Buffer.alloc(0),
        int32(-1),
        version >= 11 ? int32(-1) : Buffer.alloc(0),
        bytesOf(records)
      ])

const varint = (n: number): Buffer => (n < 128 ? int8(n) : Buffer.concat([int8(n | 128), varint(n >>> 7)]))
