import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { elementTexts, memberText } from "../../src/pipeline/jsonSlice.ts"

const stringify = (value: unknown, indent: number): string => JSON.stringify(value, null, indent)

describe("jsonSlice", () => {
  it("cuts a member out with its bytes as they are", () => {
    const data = '{ "p" : "2.50000000","x":[1, {"y":"}]\\""}],"n":1.50e3 }'
    assert.strictEqual(memberText(`{"data":${data},"stream":"a@trade"}`, "data"), data)
    assert.strictEqual(memberText(` { "stream" : "a" , "data" : ${data} } `, "data"), data)
    assert.strictEqual(memberText(`{"da\\u0074a":${data}}`, "data"), data)
  })

  it("takes the last member where a name repeats, as JSON.parse does", () => {
    assert.strictEqual(memberText('{"data":1,"data":{"a":2}}', "data"), '{"a":2}')
  })

  it("finds nothing where there is no such member", () => {
    assert.isUndefined(memberText("{}", "data"))
    assert.isUndefined(memberText('{"a":{"data":1}}', "data"))
  })

  it("does not mind depth", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000)
    assert.strictEqual(memberText(`{"x":${deep},"data":7}`, "data"), "7")
  })

  it.effect("cuts arrays into their elements, whatever these are", () =>
    Effect.gen(function* () {
      const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(Schema.Array(Schema.Json)), {
        seed: 7,
        count: 500
      })
      for (const sample of samples) {
        for (const indent of [0, 2]) {
          const texts = elementTexts(stringify(sample, indent))
          assert.deepStrictEqual(
            texts.map((text): unknown => JSON.parse(text)),
            JSON.parse(stringify(sample, 0))
          )
        }
      }
    })
  )

  it.effect("gives every member of an object as JSON.parse sees it", () =>
    Effect.gen(function* () {
      const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(Schema.Record(Schema.String, Schema.Json)), {
        seed: 8,
        count: 500
      })
      for (const sample of samples) {
        const text = stringify(sample, 1)
        const parsed = JSON.parse(text) as Record<string, unknown>
        for (const name of Object.keys(parsed)) {
          assert.deepStrictEqual(JSON.parse(memberText(text, name) ?? ""), parsed[name])
        }
      }
    })
  )
})
