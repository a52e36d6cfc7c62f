import { assert, describe, it } from "@effect/vitest"
import * as EventId from "../../src/schema/EventId.ts"

describe("EventId", () => {
  it("names the stream, the symbol and the event, and its bytes where that is not enough", () => {
    assert.strictEqual(EventId.format("trade", "BTCUSDT", 42), "binance:spot:trade:BTCUSDT:42")
    assert.strictEqual(
      EventId.format("bookTicker", "BTCUSDT", 7, "00c0ffee"),
      "binance:spot:bookTicker:BTCUSDT:7:00c0ffee"
    )
    assert.isTrue(EventId.format("trade", "BTCUSDT", 42).startsWith(EventId.prefixOf("trade", "BTCUSDT")))
  })

  it("gives back its stream, which may hold a colon", () => {
    for (const suffix of ["trade", "kline_1d@+08:00", "!miniTicker@arr"]) {
      assert.strictEqual(EventId.suffixOf(EventId.format(suffix, "柴犬USDT", "1-2", "00c0ffee"), "柴犬USDT"), suffix)
    }
    for (const id of ["", "binance:spot:trade:ETHUSDT:1", "other:spot:trade:BTCUSDT:1"]) {
      assert.isUndefined(EventId.suffixOf(id, "BTCUSDT"))
    }
  })
})
