import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { usdm } from "../../src/schema/Market.ts"
import { parseStreamName } from "../../src/schema/StreamName.ts"

const faultOf = (text: string) => Result.getOrThrow(Result.flip(parseStreamName(text, usdm)))

describe("the name of a stream of USD-M futures", () => {
  it.each([
    ["BTCUSDT@aggTrade", "btcusdt@aggTrade", "BTCUSDT", "aggTrade"],
    ["btcusdt_261225@markPrice@1s", "btcusdt_261225@markPrice@1s", "BTCUSDT_261225", "markPrice"],
    ["btcusdt@depth10@500ms", "btcusdt@depth10@500ms", "BTCUSDT", "depth10"],
    ["btcusdt@depth", "btcusdt@depth", "BTCUSDT", "depth"],
    ["!markPrice@arr@1s", "!markPrice@arr@1s", undefined, "markPrice"],
    ["!forceOrder@arr", "!forceOrder@arr", undefined, "forceOrder"],
    ["!bookTicker", "!bookTicker", undefined, "bookTicker"],
    ["!ticker@arr", "!ticker@arr", undefined, "ticker"]
  ])("%s is understood", (text, name, symbol, type) => {
    const stream = Result.getOrThrow(parseStreamName(text, usdm))
    assert.deepStrictEqual([stream.name, stream.symbol, stream.type, stream.kind.market], [name, symbol, type, "usdm"])
  })

  it.each([
    ["btcusdt@trade", "the exchange promises no stream of single trades of futures: use <symbol>@aggTrade"],
    ["btcusdt@kline_1s", "futures have no candles of a second: the shortest are <symbol>@kline_1m"],
    ["btcusdt@kline_1d@+08:00", "futures have no candles of UTC+8: leave @+08:00 out"],
    ["btcusdt@avgPrice", "it belongs to spot: futures have no such stream"],
    ["!ticker_1h@arr", "it belongs to spot: futures have no such stream"],
    ["btcusdt@depth@250ms", "every 250 ms is the speed of depth, depth5, depth10 and depth20 without a suffix"],
    ["!bookTicker@arr", "it is written !bookTicker"],
    ["!contractInfo", "the exchange has it, this connector does not take it"]
  ])("%s is told what is wrong with it", (text, advice) => {
    assert.include(faultOf(text), advice)
  })

  it("is told what was probably meant", () => {
    assert.include(faultOf("btcusdt@aggtrade"), "did you mean btcusdt@aggTrade?")
    assert.include(faultOf("btcusdt"), "such as btcusdt@aggTrade")
    assert.include(faultOf("btcusdt@depth;ethusdt@depth"), "for example btcusdt@aggTrade,ethusdt@aggTrade")
  })
})
