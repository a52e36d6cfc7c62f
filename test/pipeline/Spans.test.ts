import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Spans from "../../src/pipeline/Spans.ts"

const Small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))
const Length = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))

describe("Spans", () => {
  it("is empty at first", () => {
    const spans = Spans.make()
    assert.isUndefined(spans.first())
    assert.isUndefined(spans.last())
    assert.deepStrictEqual(spans.missing(), [])
  })

  it("joins what touches, from either side and in between", () => {
    const spans = Spans.make()
    for (const first of [10, 14, 12, 9, 8, 15, 13, 11]) assert.isTrue(spans.add({ first, last: first }))
    assert.deepStrictEqual([spans.first(), spans.last(), spans.missing()], [8, 15, []])
  })

  it.prop(
    "knows exactly the ids that were added, in whatever order and overlap",
    [Schema.Array(Schema.Tuple([Small, Length]))],
    ([added]) => {
      const spans = Spans.make()
      const model = new Set<number>()
      for (const [first, length] of added) {
        const ids = Array.from({ length: length + 1 }, (_, index) => first + index)
        const isNew = ids.some((id) => !model.has(id))
        assert.strictEqual(spans.add({ first, last: first + length }), isNew)
        for (const id of ids) model.add(id)
      }
      if (model.size === 0) return
      const [lowest, highest] = [Math.min(...model), Math.max(...model)]
      assert.deepStrictEqual([spans.first(), spans.last()], [lowest, highest])
      const missing = spans
        .missing()
        .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
      assert.deepStrictEqual(
        missing,
        Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index).filter((id) => !model.has(id))
      )
    },
    { arbitrary: { runs: 500 } }
  )

  it.prop(
    "cuts a span into what was added of it and what was not",
    [Schema.Array(Schema.Tuple([Small, Length])), Small, Small],
    ([added, first, length]) => {
      const spans = Spans.make()
      const model = new Set<number>()
      for (const [first, length] of added) {
        spans.add({ first, last: first + length })
        for (let id = first; id <= first + length; id++) model.add(id)
      }
      const span = { first, last: first + length }
      const idsOf = (parts: ReadonlyArray<{ readonly first: number; readonly last: number }>) =>
        parts.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
      assert.deepStrictEqual(
        idsOf(spans.within(span)),
        idsOf([span]).filter((id) => model.has(id))
      )
      assert.deepStrictEqual(
        idsOf(spans.lacking(span)),
        idsOf([span]).filter((id) => !model.has(id))
      )
      assert.strictEqual(spans.covers(span), spans.lacking(span).length === 0)
      assert.sameMembers(idsOf(spans.ranges()), [...model])
    },
    { arbitrary: { runs: 500 } }
  )
})
