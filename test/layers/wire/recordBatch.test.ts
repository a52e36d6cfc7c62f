import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js"
import Decoder from "kafkajs/src/protocol/decoder.js"
import { register } from "../../../src/layers/kafkajs/codecs.ts"
import { encodeBatch } from "../../../src/layers/kafkajs/produce.ts"
import { encode } from "../../../src/layers/wire/recordBatch.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"

register()

const Text = Schema.Union([
  Schema.String,
  Schema.Literals(["", "BTCUSDT", "币安人生USDT", "é".repeat(40), "x".repeat(63), "x".repeat(64), "x".repeat(63) + "é"])
])
const Length = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })),
  Schema.Int.check(Schema.isBetween({ minimum: 8100, maximum: 8300 }))
])
const Timestamp = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 1_795_402_801_000, maximum: 1_795_402_802_000 })),
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 45 }))
])
const Records = Schema.NonEmptyArray(
  Schema.Struct({ key: Text, length: Length, timestamp: Timestamp, headers: Schema.Array(Schema.Tuple([Text, Text])) })
)

const recordsOf = (drawn: typeof Records.Type): ReadonlyArray<SinkRecord> =>
  drawn.map(({ headers, key, length, timestamp }, index) => ({
    topic: "raw_trades",
    key,
    value: Uint8Array.from({ length }, (_, at) => (at * 31 + index) % 251),
    timestamp,
    headers: Object.fromEntries(headers.map(([name, value], at) => [`${at}${name}`, value]))
  }))

const decoded = async (batch: Buffer) => {
  const { records, lastOffsetDelta } = await decodeBatch(new Decoder(batch))
  return {
    lastOffsetDelta,
    records: records.map(({ headers, key, offset, timestamp, value }) => ({
      offset,
      timestamp,
      key: key?.toString(),
      value: value === null ? undefined : new Uint8Array(value),
      headers: Object.entries(headers).map(([name, bytes]) => [name, String(bytes)])
    }))
  }
}

const expected = (records: ReadonlyArray<SinkRecord>) => ({
  lastOffsetDelta: records.length - 1,
  records: records.map(({ headers, key, timestamp, value }, index) => ({
    offset: String(index),
    timestamp: String(timestamp),
    key: Buffer.from(key).toString(),
    value,
    headers: Object.entries(headers).map(([name, one]) => [Buffer.from(name).toString(), Buffer.from(one).toString()])
  }))
})

const part = { topic: "raw_trades", partition: 0 }

describe("recordBatch", () => {
  for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    it.prop(
      `writes what others read (${compression})`,
      [Records],
      async ([drawn]) => {
        const records = recordsOf(drawn)
        assert.deepStrictEqual<unknown>(
          await decoded(await encode({ ...part, records }, compression)),
          expected(records)
        )
      },
      { arbitrary: { runs: 200 } }
    )
  }

  it("is what the client itself writes, byte for byte", async () => {
    const records = recordsOf([
      {
        key: "BTCUSDT",
        length: 250,
        timestamp: 1_795_402_801_207,
        headers: [["event-id", "binance:spot:trade:BTCUSDT:1"]]
      },
      { key: "币安人生USDT", length: 9000, timestamp: 1_795_402_801_210, headers: [] }
    ])
    const numbered = { ...part, producerId: 7n, producerEpoch: 3, firstSequence: 5, records }
    const ours = await encode(numbered, "none")
    // Which leader is meant: kafkajs says the first, we say none.
    ours.writeInt32BE(0, 12)
    assert.strictEqual(Buffer.from(await encodeBatch(numbered, "none")).toString("hex"), ours.toString("hex"))
  })
})
