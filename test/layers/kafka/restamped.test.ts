import { assert, describe, it } from "@effect/vitest"
import { restamped } from "../../../src/layers/kafka/restamped.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"

const refusal = new KafkaError({ kind: "Refused", message: "INVALID_TIMESTAMP: out of range" })
const record = (eventId: string, headers: Readonly<Record<string, string>> = {}): SinkRecord => ({
  topic: "t",
  key: "BTCUSDT",
  value: Buffer.from("{}"),
  timestamp: 9000,
  headers: { "event-id": eventId, ...headers }
})

describe("a record that is refused for its timestamp", () => {
  it.each([
    "binance:spot:bookTicker:BTCUSDT:1:0badcafe",
    "binance:spot:depth5:BTCUSDT:1:0badcafe",
    "binance:spot:continuity:x"
  ])("goes again under one that was taken: %s", (eventId) => {
    assert.deepStrictEqual(restamped(record(eventId), refusal, 5000), {
      ...record(eventId, { "event-time": "9000" }),
      timestamp: 5000
    })
  })

  it.each(["trade", "aggTrade", "kline_1m", "depth", "depth@100ms"])("does not if its order matters: %s", (suffix) => {
    assert.isUndefined(restamped(record(`binance:spot:${suffix}:BTCUSDT:1`), refusal, 5000))
  })

  it("does not a second time, nor for another reason, nor before anything was taken", () => {
    const ticker = "binance:spot:bookTicker:BTCUSDT:1:0badcafe"
    const other = new KafkaError({ kind: "Refused", message: "MESSAGE_TOO_LARGE" })
    assert.isUndefined(restamped(record(ticker, { "event-time": "1" }), refusal, 5000))
    assert.isUndefined(restamped(record(ticker), other, 5000))
    assert.isUndefined(restamped(record(ticker), refusal, 0))
  })
})
