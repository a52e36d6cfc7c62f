import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as EventId from "../../src/schema/EventId.ts"
import { type Market, spot, usdm } from "../../src/schema/Market.ts"
import { parseStreamName, type StreamName } from "../../src/schema/StreamName.ts"

const stream = (name: string, market?: Market) => Result.getOrThrow(parseStreamName(name, market))
const trade = stream("btcusdt@trade")
const format = (of: StreamName, symbol: string, id: string | number, digest?: string) =>
  EventId.format(EventId.prefixOf(of, symbol), id, digest)

describe("EventId", () => {
  it("names the market, the stream, the symbol and the event, and its bytes where that is not enough", () => {
    assert.strictEqual(format(trade, "BTCUSDT", 42), "binance:spot:trade:BTCUSDT:42")
    assert.strictEqual(
      format(stream("btcusdt@bookTicker"), "BTCUSDT", 7, "00c0ffee"),
      "binance:spot:bookTicker:BTCUSDT:7:00c0ffee"
    )
    assert.strictEqual(format(stream("btcusdt@aggTrade", usdm), "BTCUSDT", 42), "binance:usdm:aggTrade:BTCUSDT:42")
    assert.isTrue(format(trade, "BTCUSDT", 42).startsWith(EventId.prefixOf(trade, "BTCUSDT")))
  })

  it("gives back its market, its stream, which may hold a colon, and the event's own id", () => {
    for (const market of [spot, usdm]) {
      for (const name of [
        "柴犬usdt@aggTrade",
        "!miniTicker@arr",
        ...(market === spot ? ["柴犬usdt@kline_1d@+08:00"] : [])
      ]) {
        const one = stream(name, market)
        assert.deepStrictEqual(EventId.parse(format(one, "柴犬USDT", "1-2", "00c0ffee"), "柴犬USDT"), {
          market: market.name,
          suffix: one.suffix,
          rest: "1-2:00c0ffee"
        })
      }
    }
    for (const id of [
      "",
      "binance:spot:trade:ETHUSDT:1",
      "other:spot:trade:BTCUSDT:1",
      "binance:coinm:trade:BTCUSDT:1"
    ]) {
      assert.isUndefined(EventId.parse(id, "BTCUSDT"))
    }
  })
})
