import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Exit, Option, Schema } from "effect"
import { AggTrade, aggTrade } from "../../../src/schema/kinds/aggTrade.ts"
import { AvgPrice, avgPrice } from "../../../src/schema/kinds/avgPrice.ts"
import { BlockTrade, blockTrade } from "../../../src/schema/kinds/blockTrade.ts"
import { BookTicker, bookTicker } from "../../../src/schema/kinds/bookTicker.ts"
import { Depth, depth } from "../../../src/schema/kinds/depth.ts"
import { Kline, kline } from "../../../src/schema/kinds/kline.ts"
import { MiniTicker, miniTicker } from "../../../src/schema/kinds/miniTicker.ts"
import { PartialDepth, partialDepth } from "../../../src/schema/kinds/partialDepth.ts"
import { ReferencePrice, referencePrice } from "../../../src/schema/kinds/referencePrice.ts"
import { streamKinds } from "../../../src/schema/kinds/registry.ts"
import { Ticker, ticker } from "../../../src/schema/kinds/ticker.ts"
import { Trade, trade } from "../../../src/schema/kinds/trade.ts"
import { WindowTicker, windowTicker } from "../../../src/schema/kinds/windowTicker.ts"
import type { EventFacts, StreamKind } from "../../../src/schema/StreamKind.ts"
import { get, hostile, isPossible, mandatory, outcome, put, taught } from "./samples.ts"

const row = <S extends Schema.ConstraintDecoder<unknown>>(
  kind: StreamKind,
  schema: S,
  facts: Omit<EventFacts, "symbol"> & { readonly symbol?: undefined }
) => ({
  kind,
  name: kind.name,
  payload: taught(kind.name),
  facts: { symbol: "symbol" in facts ? undefined : "ETHUSDT", ...facts },
  payloads: Arbitrary.schema(schema),
  /** What comes out of the schema, none if it refuses. */
  decode: (payload: unknown): Option.Option<unknown> => Schema.decodeUnknownOption(schema)(payload)
})

const state = (id: number, eventTime: number | undefined = id) => ({ eventTime, id, exact: false, span: undefined })

/** What is to be read from the payload that each kind's file teaches. */
const table = [
  row(trade, Trade, {
    eventTime: 1795402801207,
    id: 4123456789,
    exact: true,
    span: { first: 4123456789, last: 4123456789 }
  }),
  row(aggTrade, AggTrade, {
    eventTime: 1795402801208,
    id: 1987654321,
    exact: true,
    span: { first: 1987654321, last: 1987654321 }
  }),
  row(blockTrade, BlockTrade, { eventTime: 1795402802000, id: 771, exact: true, span: undefined }),
  row(kline, Kline, { ...state(1795402802015), variant: "kline_1m", newestTrade: 4123456792, proves: 1795402799999 }),
  row(miniTicker, MiniTicker, state(1795402803010)),
  row(ticker, Ticker, { ...state(1795402803011), newestTrade: 4123456792 }),
  row(windowTicker, WindowTicker, { ...state(1795402803500), variant: "ticker_1h" }),
  row(bookTicker, BookTicker, { eventTime: undefined, id: 61230045512, exact: false, span: undefined }),
  row(avgPrice, AvgPrice, state(1795402804000)),
  row(depth, Depth, {
    eventTime: 1795402804014,
    id: "61230045401-61230045512",
    exact: false,
    span: { first: 61230045401, last: 61230045512 }
  }),
  row(partialDepth, PartialDepth, {
    symbol: undefined,
    eventTime: undefined,
    id: 61230045512,
    exact: false,
    span: undefined
  }),
  row(referencePrice, ReferencePrice, { eventTime: undefined, id: 1795402804900, exact: false, span: undefined })
]

it("tests every kind of the registry", () => {
  assert.deepStrictEqual(
    table.map(({ kind }) => kind.name),
    streamKinds.map((kind) => kind.name)
  )
})

describe.each(table)("$name", ({ decode, facts, kind, name, payload, payloads }) => {
  it("reads the payload that its file teaches", () => {
    assert.deepStrictEqual(outcome(kind, payload), { facts })
  })

  it("is the only kind to take it", () => {
    const takers = streamKinds.filter((other) => Exit.isSuccess(other.decode(payload)))
    assert.deepStrictEqual(
      takers.map((taker) => taker.name),
      [name]
    )
  })

  it("reads the same where the connection delivers microseconds", () => {
    const micros = JSON.stringify(payload).replace(/:(1795\d{9})\b/g, ":$1999")
    assert.deepStrictEqual(outcome(kind, JSON.parse(micros)), { facts })
  })

  it("lets unknown fields pass", () => {
    const more = { ...payload, X: "MARKET", nested: { "": [null] }, constructor: 1 }
    assert.deepStrictEqual(outcome(kind, more), { facts })
  })

  it("does without the fields that are to be ignored", () => {
    assert.deepStrictEqual(outcome(kind, put(put(payload, ["M"], undefined), ["k", "B"], undefined)), { facts })
  })

  it.each(mandatory(payload).map((path) => ({ path, field: path.join(".") })))("requires $field", ({ field, path }) => {
    const { faults } = outcome(kind, put(payload, path, undefined))
    assert.deepStrictEqual(
      faults?.map((fault) => fault.path),
      [field]
    )
  })

  it.each(mandatory(payload).map((path) => ({ path, field: path.join(".") })))(
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

  it("takes of the hostile values those that are right in some field", () => {
    for (const path of mandatory(payload)) {
      for (const value of hostile.filter((value) => isPossible(name, path, get(payload, path), value))) {
        assert.deepStrictEqual(outcome(kind, put(payload, path, value)).faults ?? [], [])
      }
    }
  })

  it.prop(
    "takes any possible value in any field and refuses any other, naming the field",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 })), Schema.Json],
    ([choice, value]) => {
      const paths = mandatory(payload)
      const path = paths[choice % paths.length]!
      const { faults = [] } = outcome(kind, put(payload, path, value))
      if (isPossible(name, path, get(payload, path), value)) {
        // Of two fields that must fit one another, the second may be at fault.
        for (const fault of faults) assert.include(["u", "k.T"], fault.path)
      } else {
        assert.match(faults[0]?.path ?? "accepted", new RegExp(`^${path.join(".")}(\\.|$)`))
      }
    }
  )

  it.prop("takes what its schema generates, and changes nothing in it", [payloads], ([generated]) => {
    const parsed: unknown = JSON.parse(JSON.stringify(generated))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(Option.getOrThrow(decode(parsed)))), parsed)
    assert.isTrue(Exit.isSuccess(kind.decode(parsed)))
  })

  it.each([null, undefined, "text", 1, true, [], [taught(name)], {}, { payload: taught(name) }])(
    "refuses %j as a payload",
    (other) => {
      assert.isDefined(outcome(kind, other).faults)
    }
  )

  it("does not read fields from a __proto__ key, nor mind one", () => {
    const text = JSON.stringify(payload)
    assert.isDefined(outcome(kind, JSON.parse(`{"__proto__":${text}}`)).faults)
    assert.deepStrictEqual(outcome(kind, JSON.parse(`{"__proto__":{"p":1},${text.slice(1)}`)), { facts })
  })

  it("refuses integers that a double cannot hold", () => {
    const text = JSON.stringify(payload).replace(/:(\d{3,})/, ":9007199254740993")
    assert.lengthOf(outcome(kind, JSON.parse(text)).faults ?? [], 1)
  })
})
