import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import kafkajs from "kafkajs"
import {
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim
} from "../../../src/layers/wire/consumerProtocol.ts"

const Shards = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 })))
const Members = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
const Claim = Schema.Struct({
  owned: Shards,
  generation: Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 2 ** 31 - 1 })),
  instance: Schema.String
})

describe("what members tell each other", () => {
  it.prop("is read as it was written", [Claim], ([claim]) => {
    assert.deepStrictEqual(decodeClaim(encodeClaim("shards", claim)), claim)
  })

  it.prop("is read as it was assigned", [Shards, Members], ([shards, members]) => {
    assert.deepStrictEqual(decodeAssignment(encodeAssignment("shards", { shards, members })), { shards, members })
  })

  it.prop("is nothing where it makes no sense", [Arbitrary.array(Arbitrary.schema(Schema.Int))], ([bytes]) => {
    const any = Buffer.from(bytes)
    assert.isArray(decodeClaim(any).owned)
    assert.isArray(decodeAssignment(any).shards)
  })

  it("is nothing where it is cut off", () => {
    const claim = encodeClaim("shards", { owned: [1, 2], generation: 3, instance: "0a0b0c0d" })
    for (let length = 0; length < claim.length; length++) {
      assert.deepStrictEqual(decodeClaim(claim.subarray(0, length)).owned, [])
    }
    assert.deepStrictEqual(decodeAssignment(null), { shards: [], members: 1 })
  })

  it("is Kafka's own form, which its tools read", () => {
    const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
    const claim = encodeClaim("shards", { owned: [1], generation: 3, instance: "0a0b0c0d" })
    assert.deepInclude(MemberMetadata.decode(claim), { version: 2, topics: ["shards"] })
    const assignment = encodeAssignment("shards", { shards: [1, 4], members: 2 })
    assert.deepInclude(MemberAssignment.decode(assignment), { assignment: { shards: [1, 4] } })
  })
})
