import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { crc32c } from "../../../src/layers/spool/crc32c.ts"
import * as recordBytes from "../../../src/layers/spool/recordBytes.ts"
import * as Segment from "../../../src/layers/spool/Segment.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"

const Bytes = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))
const Text = Schema.Literals(["", "BTCUSDT", "币安", "a b", "é", "x".repeat(300)])
const Records = Arbitrary.array(
  Arbitrary.schema(
    Schema.Struct({
      topic: Text,
      key: Text,
      timestamp: Schema.Finite,
      headers: Schema.Record(Text, Text),
      value: Bytes,
      receivedAt: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0)))
    })
  ),
  { minLength: 1, maxLength: 12 }
)

const toRecord = (drawn: Omit<SinkRecord, "value"> & { readonly value: ReadonlyArray<number> }): SinkRecord => ({
  ...drawn,
  value: Buffer.from(drawn.value)
})

const encode = (records: ReadonlyArray<SinkRecord>, first = 1) =>
  Segment.encode(records, first, Segment.measure(records, 0, Number.POSITIVE_INFINITY).bytes)

const frames = (bytes: Buffer): ReadonlyArray<Segment.Frame> => {
  const all: Array<Segment.Frame> = []
  for (let frame = Segment.next(bytes, 0); frame !== undefined; frame = Segment.next(bytes, frame.end)) all.push(frame)
  return all
}

describe("crc32c", () => {
  it("is the Castagnoli checksum", () => {
    assert.strictEqual(crc32c(Buffer.from("123456789")), 0xe3069283)
    assert.strictEqual(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  })

  it("goes on from a part", () => {
    const bytes = Buffer.from("123456789")
    assert.strictEqual(crc32c(bytes, 4, 9, crc32c(bytes, 0, 4)), crc32c(bytes))
  })
})

describe("Segment", () => {
  it.prop("gives back what it took, in order and numbered", [Records], ([drawn]) => {
    const records = drawn.map(toRecord)
    const found = frames(Buffer.concat([Segment.HEADER, encode(records, 7)]))
    assert.deepStrictEqual(
      found.map(({ number }) => number),
      records.map((_, index) => 7 + index)
    )
    assert.deepStrictEqual(
      found.map(({ payload }) => recordBytes.read(payload)),
      records
    )
  })

  it.prop(
    "loses to a flipped bit the frame that it lies in, and no other",
    [Records, Schema.Tuple([Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.999 })), Schema.Int])],
    ([drawn, [place, bit]]) => {
      const records = drawn.map(toRecord)
      const bytes = encode(records)
      const ends = frames(bytes).map(({ end }) => end)
      const at = Math.floor(place * bytes.length)
      bytes[at] = bytes[at]! ^ (1 << (Math.abs(bit) % 8))
      const hit = ends.findIndex((end) => at < end) + 1
      assert.deepStrictEqual(
        frames(bytes).map(({ number }) => number),
        records.map((_, index) => index + 1).filter((number) => number !== hit)
      )
    }
  )

  it("finds nothing in what is no frame", () => {
    const [first] = frames(encode([{ topic: "t", key: "k", timestamp: 1, headers: {}, value: Buffer.from("v") }]))
    assert.isDefined(first)
    assert.isUndefined(Segment.next(Segment.HEADER, 0))
    assert.isUndefined(recordBytes.read(Buffer.alloc(3)))
    assert.isUndefined(recordBytes.read(Buffer.alloc(40, 0xff)))
  })

  it("takes at least one record, and no more than fit", () => {
    const record = { topic: "t", key: "k", timestamp: 1, headers: {}, value: Buffer.alloc(100) }
    const one = Segment.measure([record], 0, 0)
    assert.strictEqual(one.end, 1)
    assert.deepStrictEqual(Segment.measure([record, record, record], 0, 2 * one.bytes), {
      end: 2,
      bytes: 2 * one.bytes
    })
    assert.deepStrictEqual(Segment.measure([record, record, record], 2, 2 * one.bytes), { end: 3, bytes: one.bytes })
  })

  it("tells a file of another version from a damaged one", () => {
    assert.isFalse(Segment.isForeign(Segment.HEADER))
    const damaged = Buffer.from(Segment.HEADER)
    damaged[7] = 2
    assert.isFalse(Segment.isForeign(damaged))
    damaged.writeUInt32LE(crc32c(damaged, 0, 8), 8)
    assert.isTrue(Segment.isForeign(damaged))
    assert.isFalse(Segment.isForeign(Buffer.alloc(0)))
  })
})
