import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Exit, Option, Schema } from "effect"
import { Continuity } from "../../src/schema/Continuity.ts"
import { Envelope } from "../../src/schema/Envelope.ts"

const decode = Schema.decodeUnknownExit(Envelope)
const accepts = (value: unknown) => Exit.isSuccess(decode(value))

const record = {
  original_data: { e: "trade", E: 1795402801207, p: "2891.17000000", unknown: [null] },
  ingestion_timestamp: 1795402801210,
  source: "binance",
  data_version: "v1",
  symbol: "ETHUSDT",
  stream_type: "trade",
  topic: "raw_trades"
}

describe("Envelope", () => {
  it("takes a record, and one that was fetched over REST", () => {
    assert.isTrue(accepts(record))
    assert.isTrue(accepts({ ...record, backfilled: true }))
    assert.isTrue(accepts({ ...record, backfilled: true, late: true }))
    assert.isTrue(accepts({ ...record, market: "usdm" }))
  })

  it.each(Object.keys(record))("requires %s", (field) => {
    assert.isFalse(accepts(Object.fromEntries(Object.entries(record).filter(([key]) => key !== field))))
  })

  it.each([
    { original_data: [] },
    { original_data: "{}" },
    { original_data: null },
    { ingestion_timestamp: "1795402801210" },
    { ingestion_timestamp: 1.5 },
    { ingestion_timestamp: -1 },
    { source: "other" },
    { market: "spot" },
    { data_version: "v2" },
    { symbol: "" },
    { stream_type: 1 },
    { topic: null },
    { backfilled: false },
    { late: "true" }
  ])("refuses %j", (fault) => {
    assert.isFalse(accepts({ ...record, ...fault }))
  })

  it.prop("survives JSON unchanged", [Envelope], ([envelope]) => {
    const parsed: unknown = JSON.parse(JSON.stringify(envelope))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(Option.getOrThrow(Exit.getSuccess(decode(parsed))))), parsed)
  })

  it("names every field in the JSON Schema, and requires all but the optional ones", () => {
    const document = JSON.parse(readFileSync(new URL("../../docs/envelope.schema.json", import.meta.url), "utf8"))
    assert.strictEqual(document.$schema, "https://json-schema.org/draft/2020-12/schema")
    assert.sameMembers(document.required, Object.keys(record))
    assert.sameMembers(Object.keys(document.properties), [...Object.keys(record), "market", "backfilled", "late"])
    for (const property of Object.values<{ description?: string }>(document.properties)) {
      assert.isString(property.description)
    }
  })
})

describe("Continuity", () => {
  it.prop("survives JSON unchanged", [Arbitrary.schema(Continuity)], ([value]) => {
    const parsed: unknown = JSON.parse(JSON.stringify(value))
    const decoded = Schema.decodeUnknownOption(Continuity)(parsed)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(Option.getOrThrow(decoded))), parsed)
  })

  it("refuses an unknown type and another version", () => {
    const value = {
      v: 1,
      type: "gap-opened",
      stream: "btcusdt@trade",
      symbol: "BTCUSDT",
      from: 5,
      to: 9,
      reason: "reconnect",
      late: false,
      instance: "a1",
      at: 1795402801210
    }
    const accepts = Schema.is(Continuity)
    assert.isTrue(accepts(value))
    assert.isFalse(accepts({ ...value, type: "gap" }))
    assert.isFalse(accepts({ ...value, v: 2 }))
  })
})
