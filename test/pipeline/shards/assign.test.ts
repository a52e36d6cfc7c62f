import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { assign } from "../../../src/pipeline/shards/assign.ts"
import { shardOf, streamsOf } from "../../../src/pipeline/shards/shardOf.ts"
import { streamNames } from "../../support/settings.ts"

const Small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 15 }))
const Generation = Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 3 }))

/** Members with claims of all sorts: of the same shard, of shards that there are not. */
const Members = Arbitrary.array(
  Arbitrary.schema(Schema.Struct({ owned: Schema.Array(Small), generation: Generation })),
  { minLength: 1, maxLength: 8 }
)
const Shards = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 14 })))

const named = (claims: ReadonlyArray<{ readonly owned: ReadonlyArray<number>; readonly generation: number }>) =>
  claims.map((claim, index) => ({ memberId: `m${index}`, ...claim }))

/** Whatever the order. */
const told = (given: ReturnType<typeof assign>) =>
  Object.fromEntries(Array.from(given, ([memberId, mine]) => [memberId, mine.toSorted((a, b) => a - b)]))

const all = (shards: number) => Array.from({ length: shards }, (_, shard) => shard)

describe("assign", () => {
  it.prop(
    "gives each shard to one member at most, and none that another one claims",
    [Members, Shards],
    ([claims, shards]) => {
      const members = named(claims)
      const given = assign(members, shards)
      assert.sameMembers(
        [...given.keys()],
        members.map(({ memberId }) => memberId)
      )
      const flat = [...given.values()].flat()
      assert.strictEqual(new Set(flat).size, flat.length)
      for (const [memberId, mine] of given) {
        for (const shard of mine) {
          assert.include(all(shards), shard)
          const claimants = members.filter(({ owned }) => owned.includes(shard))
          const newest = Math.max(...claimants.map(({ generation }) => generation))
          const mayHave = claimants.filter(({ generation }) => generation === newest)
          if (claimants.length > 0)
            assert.include(
              mayHave.map((one) => one.memberId),
              memberId
            )
        }
      }
    }
  )

  it.prop("gives no member more than its share", [Members, Shards], ([claims, shards]) => {
    const given = assign(named(claims), shards)
    const counts = [...given.values()].map(({ length }) => length)
    const least = Math.floor(shards / claims.length)
    assert.isTrue(counts.every((count) => count <= least + 1))
    assert.isAtMost(counts.filter((count) => count > least).length, shards % claims.length)
  })

  it.prop(
    "has given all of them, evenly, once what was taken back is let go of",
    [Members, Shards],
    ([claims, shards]) => {
      const members = named(claims)
      const first = assign(members, shards)
      const second = assign(
        members.map((member) => ({ ...member, generation: 9, owned: first.get(member.memberId) ?? [] })),
        shards
      )
      assert.sameMembers([...second.values()].flat(), all(shards))
      const counts = [...second.values()].map(({ length }) => length)
      assert.isAtMost(Math.max(...counts) - Math.min(...counts), 1)
      // Nothing that was kept is moved.
      for (const [memberId, mine] of first) assert.includeMembers([...(second.get(memberId) ?? [])], [...mine])
    }
  )

  it.prop("moves nothing while nobody comes or goes", [Members, Shards], ([claims, shards]) => {
    const members = named(claims)
    let given = assign(members, shards)
    const next = () =>
      assign(
        members.map((one) => ({ ...one, generation: 9, owned: given.get(one.memberId) ?? [] })),
        shards
      )
    given = next()
    assert.deepStrictEqual(told(next()), told(given))
  })

  it("takes from the one who has most, as few as it can", () => {
    const members = [
      { memberId: "a", generation: 1, owned: [0, 1, 2, 3, 4, 5] },
      { memberId: "b", generation: -1, owned: [] }
    ]
    assert.deepStrictEqual(
      [...assign(members, 6)],
      [
        ["a", [0, 1, 2]],
        ["b", []]
      ]
    )
  })

  it("believes the newer of two claims", () => {
    const members = [
      { memberId: "slept", generation: 3, owned: [0, 1] },
      { memberId: "took", generation: 4, owned: [0, 1] }
    ]
    assert.deepStrictEqual(
      [...assign(members, 2)],
      [
        ["took", [0]],
        ["slept", []]
      ]
    )
  })
})

describe("shardOf", () => {
  const streams = streamNames("btcusdt@trade", "btcusdt@kline_1m", "ethusdt@trade", "!miniTicker@arr", "bnbusdt@depth")

  it("keeps the streams of a symbol together", () => {
    const [trades, candles] = streams
    if (trades === undefined || candles === undefined) throw new Error("no streams")
    for (const shards of [1, 2, 12, 1000]) assert.strictEqual(shardOf(trades, shards), shardOf(candles, shards))
  })

  it("stays as it is: another value would move streams between processes of two versions", () => {
    assert.deepStrictEqual(
      streams.map((stream) => shardOf(stream, 12)),
      [2, 2, 5, 2, 3]
    )
  })

  it("gives every stream to one shard", () => {
    const divided = Array.from({ length: 12 }, (_, shard) => streamsOf(streams, shard, 12)).flat()
    assert.sameMembers(divided, [...streams])
  })
})
