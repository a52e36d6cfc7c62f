import { assert, describe, it } from "@effect/vitest"
import { Exit, Schema } from "effect"
import { refusedRecord, rejectedRecord } from "../../src/pipeline/DeadLetter.ts"
import { DeadLetterHeaders } from "../../src/schema/DeadLetterHeaders.ts"

const decode = Schema.decodeUnknownExit(DeadLetterHeaders, { onExcessProperty: "error" })

describe("the headers of a dead letter", () => {
  const frame = { bytes: Buffer.from("{"), receivedAt: 1_795_402_801_210 }

  it.each([
    [
      "a frame of a known stream",
      rejectedRecord(
        { market: "spot", topic: "dead_letter" },
        { frame, reason: "no JSON", field: "k.o", stream: "btcusdt@kline_1m" }
      )
    ],
    [
      "a frame of no stream",
      rejectedRecord(
        { market: "spot", topic: "dead_letter" },
        { frame, reason: "no JSON", field: undefined, stream: undefined }
      )
    ],
    [
      "a record that Kafka refused",
      refusedRecord(
        "dead_letter",
        {
          topic: "raw_trades",
          key: "BTCUSDT",
          value: Buffer.alloc(20_000),
          timestamp: 1,
          headers: { "event-id": "binance:spot:trade:BTCUSDT:1", "content-type": "application/json" }
        },
        "too large",
        1_795_402_801_210
      )
    ]
  ])("are those of its Schema: %s", (_, { headers }) => {
    assert.isTrue(Exit.isSuccess(decode(headers)), JSON.stringify(headers))
  })
})
