import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as OpenGaps from "../../src/pipeline/OpenGaps.ts"
import type { Continuity } from "../../src/schema/Continuity.ts"

const STREAM = "btcusdt@trade"

const record = (type: Continuity["type"], from: number | null, to: number | null, stream = STREAM): Continuity => ({
  v: 1,
  type,
  stream,
  symbol: "BTCUSDT",
  from,
  to,
  reason: "test",
  late: false,
  instance: "0",
  at: 0
})

const Id = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 30 }))
const Change = Schema.Struct({
  type: Schema.Literals(["gap-opened", "gap-filled", "gap-confirmed", "stale"]),
  ends: Schema.Tuple([Id, Id])
})

describe("OpenGaps", () => {
  it.prop(
    "are the ids that were opened and not closed since, in ranges",
    [Arbitrary.array(Arbitrary.schema(Change), { maxLength: 20 }), Id, Id],
    ([changes, last, late]) => {
      const gaps = OpenGaps.make()
      const open = new Set<number>()
      for (const { ends, type } of changes) {
        const [from, to] = [Math.min(...ends), Math.max(...ends)]
        gaps.add(record(type, from, to))
        if (type === "stale") continue
        for (let id = from; id <= to; id++) {
          if (type === "gap-opened") open.add(id)
          else open.delete(id)
        }
      }
      const isFilled = (id: number) =>
        id <= late && Array.from({ length: late - id + 1 }, (_, n) => id + n).every((between) => open.has(between))
      const found = gaps.of(STREAM, last, late)
      const ids = found.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n))
      assert.deepStrictEqual(
        ids,
        // Only the gap that holds the last late one is filled up to it.
        [...open].filter((id) => id <= last && !isFilled(id)).toSorted((a, b) => a - b)
      )
    }
  )

  it("are apart by stream, and nothing where no span is concerned", () => {
    const gaps = OpenGaps.make()
    gaps.add(record("gap-opened", 5, 9, "ethusdt@trade"))
    gaps.add(record("gap-opened", null, null))
    assert.deepStrictEqual(gaps.of(STREAM, 100), [])
    assert.deepStrictEqual(gaps.of("ethusdt@trade", 100), [{ first: 5, last: 9 }])
  })
})
