import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fetch } from "../../../src/layers/kafkajs/fetch.ts"

const int16 = (n: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(n)
  return bytes
}
const int32 = (n: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n)
  return bytes
}
const int64 = (n: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(n))
  return bytes
}
const bytesOf = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes])

/** A batch of which nothing but its offsets is left. */
const emptyBatch = (firstOffset: number, lastOffsetDelta: number) => {
  const head = Buffer.concat([int32(0), Buffer.from([2]), int32(0), int16(0), int32(lastOffsetDelta)])
  const rest = Buffer.concat([int64(0), int64(0), int64(-1), int16(-1), int32(-1), int32(0)])
  return Buffer.concat([int64(firstOffset), bytesOf(Buffer.concat([head, rest]))])
}

/** An answer of one partition in the form that a version has. */
const answer = (version: number, records: Buffer) =>
  Buffer.concat([
    int32(0),
    version >= 7 ? Buffer.concat([int16(0), int32(0)]) : Buffer.alloc(0),
    Buffer.concat([int32(1), int16(1), Buffer.from("t"), int32(1), int32(5), int16(0), int64(30), int64(30)]),
    version >= 5 ? int64(0) : Buffer.alloc(0),
    int32(-1),
    version >= 11 ? int32(-1) : Buffer.alloc(0),
    bytesOf(records)
  ])

const read = (version: number, records: Buffer) =>
  Effect.promise(async () => {
    const input = { maxWaitTime: 0, minBytes: 1, maxBytes: 1, isolationLevel: 0, topics: [] }
    const decoded = await Fetch.protocol({ version })(input).response.decode(answer(version, records))
    return decoded.topics[0]?.partitions[0]
  })

describe("fetch", () => {
  for (const version of [4, 5, 6, 7, 8, 9, 10, 11]) {
    it.effect(`tells of the batches that are left without records (version ${version})`, () =>
      Effect.gen(function* () {
        const found = yield* read(version, Buffer.concat([emptyBatch(10, 4), emptyBatch(20, 9)]))
        assert.deepInclude(found, { partition: 5, errorCode: 0, highWatermark: 30 })
        assert.deepStrictEqual(
          found?.batches.map(({ firstOffset, lastOffsetDelta, records }) => [firstOffset, lastOffsetDelta, records]),
          [
            ["10", 4, []],
            ["20", 9, []]
          ]
        )
      })
    )
  }

  it.effect("leaves out a batch that is cut off", () =>
    Effect.gen(function* () {
      const whole = Buffer.concat([emptyBatch(10, 4), emptyBatch(20, 9)])
      for (let cut = 1; cut < whole.length / 2; cut++) {
        const found = yield* read(11, whole.subarray(0, whole.length - cut))
        assert.strictEqual(found?.batches.length, 1, `${cut} bytes less`)
      }
      assert.deepStrictEqual((yield* read(11, Buffer.alloc(0)))?.batches, [])
    })
  )
})
