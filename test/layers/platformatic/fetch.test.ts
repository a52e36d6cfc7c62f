import { fetchV10, fetchV11, fetchV12, fetchV4, Reader } from "@platformatic/kafka"
import { assert, describe, it } from "@effect/vitest"
import { answerOf } from "../../../src/layers/platformatic/fetch.ts"
import { emptyBatch, fetchAnswer } from "../../support/wireBytes.ts"

const REQUEST = { topic: "t", partition: 5, offset: 10, maxBytes: 1 }

describe("fetch", () => {
  for (const { api, parseResponse } of [fetchV4, fetchV10, fetchV11, fetchV12]) {
    const read = (records: Buffer) =>
      answerOf(parseResponse(1, api.key, api.version, Reader.from(fetchAnswer(api.version, records))), REQUEST)

    it(`tells of the batches that are left without records (version ${api.version})`, () => {
      assert.deepStrictEqual(read(Buffer.concat([emptyBatch(10, 4), emptyBatch(20, 9)])), {
        errorCode: 0,
        highWatermark: 30,
        records: [],
        next: 30
      })
      assert.deepStrictEqual(read(Buffer.alloc(0)), { errorCode: 0, highWatermark: 30, records: [] })
    })

    it(`leaves out a batch that is cut off (version ${api.version})`, () => {
      const whole = Buffer.concat([emptyBatch(10, 4), emptyBatch(20, 9)])
      for (let cut = 1; cut < whole.length / 2; cut++) {
        assert.strictEqual(read(whole.subarray(0, whole.length - cut))?.next, 15, `${cut} bytes less`)
      }
    })
  }

  it("knows an answer that does not name the partition, and one that is refused as a whole", () => {
    assert.isUndefined(answerOf({ responses: [] }, REQUEST))
    assert.deepStrictEqual(answerOf({ errorCode: 70, responses: [] }, REQUEST), {
      errorCode: 70,
      highWatermark: -1,
      records: []
    })
  })

  it("refuses records of the format before Kafka 0.11", () => {
    const batch = emptyBatch(10, 4)
    batch[16] = 1
    const answer = fetchV11.parseResponse(1, 1, 11, Reader.from(fetchAnswer(11, batch)))
    assert.throws(() => answerOf(answer, REQUEST), /before Kafka 0\.11/)
  })
})
