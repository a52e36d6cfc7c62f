/** CRC-32C (Castagnoli), as Kafka's own batches have it; `node:zlib` knows only the other polynomial. */
const POLYNOMIAL = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})

/** Of the bytes from `start` to before `end`; with `seed`, the checksum of what stands before them, of both. */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.byteLength, seed = 0): number => {
  let crc = ~seed
  for (let at = start; at < end; at++) crc = (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}
