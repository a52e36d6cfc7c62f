/** The kinds of USD-M futures: what their files teach, what they refuse, and what they know not to be theirs. */
import { assert, describe, it } from "@effect/vitest"
import { Exit, Schema } from "effect"
import { markets } from "../../../src/schema/Market.ts"
import type { EventFacts, StreamKind } from "../../../src/schema/StreamKind.ts"
import { get, hostile, isPossible, mandatory, outcome, put, taught } from "./samples.ts"

const { kinds } = markets.usdm

const state = (id: number, eventTime = id): EventFacts => ({
  symbol: "ETHUSDT",
  eventTime,
  id,
  exact: false,
  span: undefined
})

/** What is to be read from the payload that each kind's file teaches. */
const expected: Readonly<Record<string, EventFacts>> = {
  aggTrade: {
    symbol: "ETHUSDT",
    eventTime: 1795402805100,
    id: 2800012345,
    exact: true,
    span: { first: 2800012345, last: 2800012345 }
  },
  kline: { ...state(1795402802015), variant: "kline_1m", newestTrade: 7123456792, proves: 1795402799999 },
  markPrice: state(1795402806000),
  miniTicker: state(1795402803010),
  ticker: { ...state(1795402803011), newestTrade: 7123456792 },
  bookTicker: state(61230045512, 1795402803012),
  depth: {
    ...state(0, 1795402804014),
    id: "61230045401-61230045512",
    span: { first: 61230045401, last: 61230045512 }
  },
  partialDepth: state(61230045512, 1795402804014),
  forceOrder: state(1795402806500)
}

/** The exchange may leave them out. */
const optional = new Set(["nq", "ap", "ps", "st"])
/** A change of the order book and its best levels are written alike. */
const alike = new Set(["depth", "partialDepth"])

const samples = kinds.map((kind) => {
  const payload = taught(`usdm/${kind.name}`)
  // A level of `b` is no field of `ap`: names with a dot are inside another one.
  const fields = mandatory(payload).filter((path) => path.length > 1 || !optional.has(path[0] ?? ""))
  return { kind, name: kind.name, payload, fields, facts: expected[kind.name] }
})

it("are all known here", () => {
  assert.sameMembers(
    kinds.map(({ name }) => name),
    Object.keys(expected)
  )
})

describe.each(samples)("$name", ({ facts, fields, kind, name, payload }) => {
  it("reads the payload that its file teaches", () => {
    assert.deepStrictEqual<unknown>(outcome(kind, payload), { facts })
  })

  it("is the only kind to take it", () => {
    const takers = kinds.filter((other) => Exit.isSuccess(other.decode(payload))).map((other) => other.name)
    if (alike.has(name)) assert.sameMembers(takers, [...alike])
    else assert.deepStrictEqual(takers, [name])
  })

  it("does without what the exchange may leave out", () => {
    const bare = Object.fromEntries(Object.entries(payload).filter(([field]) => !optional.has(field)))
    assert.deepStrictEqual<unknown>(outcome(kind, bare), { facts })
  })

  it.each(fields.map((path) => ({ path, field: path.join(".") })))("requires $field", ({ field, path }) => {
    assert.deepStrictEqual(
      outcome(kind, put(payload, path, undefined)).faults?.map((fault) => fault.path),
      [field]
    )
  })

  it.each(fields.map((path) => ({ path, field: path.join(".") })))(
    "refuses in $field what the exchange never sends there",
    ({ field, path }) => {
      const wrong = hostile.filter((value) => !isPossible(name, path, get(payload, path), value))
      assert.isAtLeast(wrong.length, hostile.length / 2)
      for (const value of wrong) {
        const { faults } = outcome(kind, put(payload, path, value))
        assert.match(faults?.[0]?.path ?? "accepted", new RegExp(`^${field}(\\.|$)`))
      }
    }
  )

  it("tells a row of COIN-M from its own", () => {
    assert.isFalse(kind.isForeign(payload))
    assert.isFalse(kind.isForeign(put(payload, ["st"], undefined)), "before 2026-06-30 nobody said so")
    for (const st of [2, 0, "1", null]) assert.isTrue(kind.isForeign({ ...payload, st }), String(st))
    for (const other of [null, "text", 1, []]) assert.isFalse(kind.isForeign(other))
  })

  it("says which part of the address serves it, and is of no other market", () => {
    const route = ["bookTicker", "depth", "partialDepth"].includes(name) ? "public" : "market"
    assert.deepStrictEqual([kind.route, kind.market], [route, "usdm"])
  })
})

describe("depth", () => {
  const depth = kinds.find(({ name }) => name === "depth")!
  const payload = taught("usdm/depth")

  it.prop(
    "begins behind the event before, whatever its first update is said to be",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e12 })),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1e6 }))
    ],
    ([pu, count]) => {
      const u = pu + count
      for (const U of [pu + 1, u, Math.max(0, pu - 3)]) {
        assert.deepInclude(outcome(depth, { ...payload, pu, u, U }).facts, { span: { first: pu + 1, last: u } })
      }
    }
  )

  it("refuses an event that covers nothing", () => {
    assert.deepStrictEqual(outcome(depth, { ...payload, pu: 5, u: 5 }).faults, [
      { path: "u", message: "expected a last update id above that of the event before (pu)" }
    ])
  })
})

describe("markPrice", () => {
  it("takes a contract that is delivered: it has no funding", () => {
    const markPrice: StreamKind = kinds.find(({ name }) => name === "markPrice")!
    assert.isDefined(outcome(markPrice, { ...taught("usdm/markPrice"), r: "", T: 0 }).facts)
  })
})

describe("the registries", () => {
  it("have no two kinds of a market with a name, a stream or a topic in common", () => {
    for (const market of Object.values(markets)) {
      for (const all of [
        market.kinds.map(({ name }) => name),
        market.kinds.flatMap(({ suffixes }) => suffixes),
        market.kinds.flatMap(({ allMarket }) => allMarket),
        market.kinds.map(({ topic }) => topic.variable)
      ]) {
        assert.lengthOf(new Set(all), all.length)
      }
      for (const kind of market.kinds) assert.strictEqual(kind.market, market.name)
    }
  })

  it("keeps the topics that are in use, named after their variables", () => {
    for (const { topic } of kinds) {
      assert.strictEqual(
        topic.variable.replace("TOPIC_RAW_", "TOPIC_RAW_USDM_"),
        `TOPIC_${topic.default.toUpperCase()}`
      )
    }
  })
})
