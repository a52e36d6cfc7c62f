/** CRC-32C (Castagnoli), as Kafka's own batches have it; `node:zlib` knows only the other polynomial. */
import { crc32c as checksum } from "@node-rs/crc32"

/** Of the bytes from `start` to before `end`; with `seed`, the checksum of what stands before them, of both. */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.byteLength, seed = 0): number =>
  checksum(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start), seed)
