import { assert, describe, it } from "@effect/vitest"
import kafkajs from "kafkajs"
import snappy from "snappy"
import { lz4Codec, register, snappyCodec, zstdCodec } from "../../../src/layers/kafkajs/codecs.ts"

const data = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * n) % 251))

describe("codecs", () => {
  for (const [name, codec] of Object.entries({ snappy: snappyCodec, lz4: lz4Codec, zstd: zstdCodec })) {
    it(`gives back what ${name} made smaller`, async () => {
      const small = await codec.compress({ buffer: data })
      assert.isBelow(small.length, data.length / 2)
      assert.isTrue((await codec.decompress(small)).equals(data))
      assert.strictEqual((await codec.decompress(await codec.compress({ buffer: Buffer.alloc(0) }))).length, 0)
    })
  }

  it("frames lz4 as the format asks, not as a bare block", async () => {
    const small = await lz4Codec.compress({ buffer: data })
    assert.strictEqual(small.readUInt32LE(0), 0x184d2204)
  })

  it("reads snappy in Java's framing, block by block", async () => {
    const parts = [data.subarray(0, 40_000), data.subarray(40_000)]
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    const blocks = await Promise.all(
      parts.map(async (part) => {
        const block = await snappy.compress(part)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(block.length)
        return Buffer.concat([length, block])
      })
    )
    assert.isTrue((await snappyCodec.decompress(Buffer.concat([header, ...blocks]))).equals(data))
  })

  it("registers each with kafkajs", () => {
    register()
    const { CompressionCodecs, CompressionTypes } = kafkajs
    assert.strictEqual(CompressionCodecs[CompressionTypes.Snappy](), snappyCodec)
    assert.strictEqual(CompressionCodecs[CompressionTypes.LZ4](), lz4Codec)
    assert.strictEqual(CompressionCodecs[CompressionTypes.ZSTD](), zstdCodec)
  })
})
