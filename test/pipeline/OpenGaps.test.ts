import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as OpenGaps from "../../src/pipeline/OpenGaps.ts"
import type { Span } from "../../src/schema/StreamKind.ts"
import type { Continuity } from "../../src/schema/Continuity.ts"
import { range } from "../support/tape.ts"

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
  ends: Schema.Tuple([Id, Id]),
  late: Schema.Boolean
})

describe("OpenGaps", () => {
  it.prop(
    "are the ids that were opened and not closed since, in ranges",
    [Arbitrary.array(Arbitrary.schema(Change), { maxLength: 20 })],
    ([changes]) => {
      const gaps = OpenGaps.make()
      const said = new Map<number, string>()
      const confirmed = new Set<number>()
      const late = new Set<number>()
      for (const { ends, late: isLate, type } of changes) {
        const [from, to] = [Math.min(...ends), Math.max(...ends)]
        gaps.add({ ...record(type, from, to), late: isLate })
        if (type === "stale") continue
        for (const id of range(from, to)) {
          said.set(id, type)
          if (type === "gap-confirmed") confirmed.add(id)
          if (type === "gap-opened") late.delete(id)
          if (type === "gap-filled" && isLate) late.add(id)
        }
      }
      const idsOf = (spans: ReadonlyArray<Span>) => spans.flatMap(({ first, last }) => range(first, last))
      const all = range(1, 30)
      const whole = [{ first: 1, last: 30 }]
      const isOpen = (id: number) => said.get(id) === "gap-opened"
      assert.deepStrictEqual(idsOf(gaps.open(STREAM)), all.filter(isOpen))
      assert.deepStrictEqual(
        idsOf(gaps.unsaidLate(STREAM, whole)),
        all.filter((id) => !late.has(id))
      )
      assert.deepStrictEqual(
        idsOf(gaps.unmentioned(STREAM, whole)),
        all.filter((id) => !isOpen(id) && !confirmed.has(id))
      )
    },
    { arbitrary: { runs: 1000 } }
  )

  it("are apart by stream, and nothing where no span is concerned", () => {
    const gaps = OpenGaps.make()
    gaps.add(record("gap-opened", 5, 9, "ethusdt@trade"))
    gaps.add(record("gap-opened", null, null))
    assert.deepStrictEqual(gaps.open(STREAM), [])
    assert.deepStrictEqual(gaps.open("ethusdt@trade"), [{ first: 5, last: 9 }])
  })
})
