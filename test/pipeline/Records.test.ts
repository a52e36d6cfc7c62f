import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as DeadLetter from "../../src/pipeline/DeadLetter.ts"
import * as Decoder from "../../src/pipeline/Decoder.ts"
import * as Records from "../../src/pipeline/Records.ts"
import { Envelope } from "../../src/schema/Envelope.ts"
import { parseStreamName } from "../../src/schema/StreamName.ts"

const RECEIVED = 1_700_000_000_000
const names = ["btcusdt@trade", "btcusdt@kline_1m", "btcusdt@bookTicker", "btcusdt@ticker_4h"]
const decode = Decoder.make(names.map((name) => Result.getOrThrow(parseStreamName(name))))
const toRecord = Records.make(new Map([["trade", "my_trades"]]))

const recordOf = (stream: string, data: string, receivedAt = RECEIVED) => {
  const { events } = decode([{ bytes: Buffer.from(`{"stream":"${stream}","data":${data}}`), receivedAt }])
  assert.strictEqual(events.length, 1)
  return toRecord(events[0]!)
}
const text = (value: Uint8Array): string => new TextDecoder().decode(value)

const trade = `{"e":"trade","E":${RECEIVED - 5},"s":"BTCUSDT","t":42,"p":"43000.01000000","q":"0.00100000","T":${RECEIVED - 6},"m":true,"M":true,"new":1.10}`
const candle = (closed: boolean, time = 1) =>
  `{"e":"kline","E":${1_700_000_060_001 * time},"s":"BTCUSDT","k":{"t":${1_700_000_000_000 * time},"T":${1_700_000_059_999 * time},"s":"BTCUSDT","i":"1m","f":1,"L":2,"o":"1","c":"1","h":"1","l":"1","v":"1","n":2,"x":${closed},"q":"1","V":"1","Q":"1","B":"0"}}`

describe("Records", () => {
  it("splices the payload into the envelope", () => {
    const record = recordOf("btcusdt@trade", trade)
    assert.strictEqual(
      text(record.value),
      `{"original_data":${trade},"ingestion_timestamp":${RECEIVED},"source":"binance","data_version":"v1","symbol":"BTCUSDT","stream_type":"trade","topic":"my_trades"}`
    )
    assert.deepStrictEqual(
      [record.topic, record.key, record.timestamp, record.headers],
      [
        "my_trades",
        "BTCUSDT",
        RECEIVED - 5,
        { "event-id": "binance:spot:trade:BTCUSDT:42", "content-type": "application/json" }
      ]
    )
  })

  it("marks what comes from the history, and what comes late, behind the other fields", () => {
    const { events } = decode([
      { bytes: Buffer.from(`{"stream":"btcusdt@trade","data":${trade}}`), receivedAt: RECEIVED }
    ])
    const tailOf = (flags: { readonly backfilled?: boolean; readonly late?: boolean }) => {
      const { headers, value } = toRecord({ ...events[0]!, ...flags })
      assert.strictEqual(headers["event-id"], "binance:spot:trade:BTCUSDT:42")
      const envelope = Schema.decodeSync(Schema.fromJsonString(Envelope))(text(value))
      assert.deepStrictEqual(
        [envelope.backfilled ?? false, envelope.late ?? false],
        [flags.backfilled ?? false, flags.late ?? false]
      )
      return text(value).slice(text(value).indexOf('"topic"'))
    }
    assert.strictEqual(tailOf({}), '"topic":"my_trades"}')
    assert.strictEqual(tailOf({ backfilled: false, late: false }), '"topic":"my_trades"}')
    assert.strictEqual(tailOf({ backfilled: true }), '"topic":"my_trades","backfilled":true}')
    assert.strictEqual(tailOf({ backfilled: true, late: true }), '"topic":"my_trades","backfilled":true,"late":true}')
  })

  it("names a closed candle by its interval and open time, in any unit", () => {
    const id = "binance:spot:kline_1m:BTCUSDT:1700000000000"
    assert.strictEqual(recordOf("btcusdt@kline_1m", candle(true), RECEIVED + 60_000).headers["event-id"], id)
    const micros = recordOf("btcusdt@kline_1m", candle(true, 1000), RECEIVED + 60_000)
    assert.strictEqual(micros.headers["event-id"], id)
    assert.strictEqual(micros.timestamp, 1_700_000_060_001)
  })

  it("tells events without an id apart by their bytes", () => {
    const book = (price: string) => `{"u":7,"s":"BTCUSDT","b":"${price}","B":"1","a":"2","A":"1"}`
    const one = recordOf("btcusdt@bookTicker", book("1.0")).headers["event-id"]
    assert.match(one ?? "", /^binance:spot:bookTicker:BTCUSDT:7:[0-9a-f]{8}$/)
    assert.strictEqual(recordOf("btcusdt@bookTicker", book("1.0"), RECEIVED + 9).headers["event-id"], one)
    assert.notStrictEqual(recordOf("btcusdt@bookTicker", book("1.1")).headers["event-id"], one)
  })

  it("stamps what carries no event time with the time of its arrival", () => {
    const record = recordOf("btcusdt@bookTicker", '{"u":7,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}')
    assert.strictEqual(record.timestamp, RECEIVED)
    assert.strictEqual(record.topic, "raw_book_tickers")
  })

  it("replaces an event time that Kafka would refuse, and says so", () => {
    const ahead = RECEIVED + 10 * 60 * 1000 + 1
    const record = recordOf("btcusdt@trade", trade.replace(`"E":${RECEIVED - 5}`, `"E":${ahead}`))
    assert.strictEqual(record.timestamp, RECEIVED)
    assert.strictEqual(record.headers["event-time"], String(ahead))
  })
})

describe("DeadLetter", () => {
  const frame = { bytes: Uint8Array.of(0, 255, 1), receivedAt: RECEIVED }

  it("holds the frame byte for byte and says why", () => {
    const record = DeadLetter.rejectedRecord(
      { market: "spot", topic: "dead" },
      { frame, stream: "btcusdt@trade", reason: "no", field: "p" }
    )
    assert.deepStrictEqual(record.value, frame.bytes)
    assert.strictEqual(record.key, "btcusdt@trade")
    const { "content-type": _, "event-id": id, ...why } = record.headers
    assert.deepStrictEqual(why, {
      "dlq.reason": "no",
      "dlq.field": "p",
      "dlq.stream": "btcusdt@trade",
      "dlq.received-at": String(RECEIVED)
    })
    assert.match(id ?? "", /^binance:spot:dead-letter:btcusdt@trade:/)
  })

  it("has the key unknown where the frame names no stream", () => {
    const record = DeadLetter.rejectedRecord(
      { market: "spot", topic: "dead" },
      { frame, stream: undefined, reason: "no", field: undefined }
    )
    assert.deepStrictEqual([record.key, record.headers["dlq.stream"]], ["unknown", "unknown"])
  })

  it("stays small whatever the names of the record and the reason are", () => {
    const long = "x".repeat(1_200_000)
    const record = { topic: "t", key: long, value: new Uint8Array(1), timestamp: 1, headers: { "event-id": long } }
    const letter = DeadLetter.refusedRecord("dead", record, long, RECEIVED)
    assert.isBelow(JSON.stringify(letter).length, 2000)
    assert.match(letter.key, /^x{255}…$/)
    assert.deepStrictEqual(DeadLetter.refusedRecord("dead", record, long, RECEIVED), letter)
  })

  it("keeps the first kilobytes of what the broker refuses, with size and digest of the whole", () => {
    const value = Buffer.alloc(1_000_000, "x")
    const record = recordOf("btcusdt@trade", trade)
    const letter = DeadLetter.refusedRecord("dead", { ...record, value }, "too large", RECEIVED + 1)
    assert.strictEqual(letter.value.byteLength, 8192)
    assert.strictEqual(letter.headers["dlq.bytes"], "1000000")
    assert.match(letter.headers["dlq.sha256"] ?? "", /^[0-9a-f]{64}$/)
    assert.strictEqual(letter.headers["event-id"], "binance:spot:trade:BTCUSDT:42")
    assert.strictEqual(letter.headers["dlq.stream"], "my_trades/BTCUSDT")
  })
})
