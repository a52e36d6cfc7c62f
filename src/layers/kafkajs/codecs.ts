/** The codecs that kafkajs leaves to its user: snappy, lz4 and zstd. Its registry is global to the process. */
import { promisify } from "node:util"
// The default import: a Node without zstd can still load the module and say which Node is needed.
import zlib from "node:zlib"
import kafkajs from "kafkajs"
import * as lz4 from "lz4-napi"
import snappy from "snappy"
import type { Compression } from "../../schema/Settings.ts"

const { CompressionCodecs, CompressionTypes } = kafkajs

export interface Codec {
  readonly compress: (encoder: { readonly buffer: Buffer }) => Promise<Buffer>
  readonly decompress: (data: Buffer) => Promise<Buffer>
}

/** How Java frames snappy: magic and two versions in 16 bytes, then blocks, each behind its length. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER = 16

const uncompress = async (data: Buffer): Promise<Buffer> => Buffer.from(await snappy.uncompress(data))

export const snappyCodec: Codec = {
  compress: ({ buffer }) => snappy.compress(buffer),
  decompress: async (data) => {
    if (!data.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return uncompress(data)
    const blocks: Array<Buffer> = []
    for (let at = XERIAL_HEADER; at < data.length;) {
      const start = at + 4
      at = start + data.readUInt32BE(at)
      blocks.push(await uncompress(data.subarray(start, at)))
    }
    return Buffer.concat(blocks)
  }
}

export const lz4Codec: Codec = {
  compress: ({ buffer }) => lz4.compressFrame(buffer),
  decompress: (data) => lz4.decompressFrame(data)
}

export const zstdCodec: Codec = {
  compress: ({ buffer }) => promisify(zlib.zstdCompress)(buffer),
  decompress: (data) => promisify(zlib.zstdDecompress)(data)
}

/** Safe to repeat. */
export const register = (): void => {
  CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec
}

export const compressionTypes: Record<Compression, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD
}
