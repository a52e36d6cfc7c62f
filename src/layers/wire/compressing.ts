/**
 * How a batch's records are made smaller. What is quick is done at once: a batch of a hundred records takes less than the way
 * to another thread and back.
 */
import { promisify } from "node:util"
// The default import: a Node without zstd can still load the module and say which Node is needed.
import zlib from "node:zlib"
import * as lz4 from "lz4-napi"
import snappy from "snappy"
import type { Compression } from "../../schema/Settings.ts"

export interface Codec {
  /** What a batch says it is compressed with. */
  readonly bits: number
  /** The bytes are good only until it returns: what goes on beside takes a copy. */
  readonly compress: (records: Buffer) => Buffer | Promise<Buffer>
}

export const codecs: Record<Compression, Codec> = {
  none: { bits: 0, compress: (records) => records },
  gzip: { bits: 1, compress: (records) => promisify(zlib.gzip)(Buffer.from(records)) },
  snappy: { bits: 2, compress: (records) => snappy.compressSync(records) },
  lz4: { bits: 3, compress: (records) => lz4.compressFrameSync(records) },
  zstd: { bits: 4, compress: (records) => promisify(zlib.zstdCompress)(Buffer.from(records)) }
}
