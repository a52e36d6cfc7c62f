import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fetch } from "../../../src/layers/kafkajs/fetch.ts"
import { emptyBatch, fetchAnswer } from "../../support/wireBytes.ts"

const read = (version: number, records: Buffer) =>
  Effect.promise(async () => {
    const input = { maxWaitTime: 0, minBytes: 1, maxBytes: 1, isolationLevel: 0, topics: [] }
    const decoded = await Fetch.protocol({ version })(input).response.decode(fetchAnswer(version, records))
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
