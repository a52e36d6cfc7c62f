import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { faultsOf, settingsFrom } from "../support/settingsFrom.ts"

const usdm = { BINANCE_MARKET: "usdm" }

describe("BINANCE_MARKET", () => {
  it.effect("is spot unless something else is said", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* settingsFrom({})).binance.market.name, "spot")
      assert.deepStrictEqual(yield* faultsOf(settingsFrom({ BINANCE_MARKET: "coinm" })), [
        "BINANCE_MARKET=coinm: expected spot or usdm, for example usdm"
      ])
    })
  )

  it.effect("gives each market addresses, streams and topics of its own", () =>
    Effect.gen(function* () {
      const { binance, notices, topics } = yield* settingsFrom(usdm)
      assert.strictEqual(binance.market.name, "usdm")
      assert.strictEqual(binance.wsUrls[0].href, "wss://fstream.binance.com/stream")
      assert.strictEqual(binance.restUrls[0].href, "https://fapi.binance.com/")
      for (const { kind } of binance.streams) assert.strictEqual(kind.market, "usdm")
      assert.deepStrictEqual(
        [topics.data.get("aggTrade"), topics.data.get("markPrice"), topics.data.get("trade")],
        ["raw_usdm_agg_trades", "raw_usdm_mark_prices", undefined]
      )
      assert.deepStrictEqual(
        [topics.deadLetter, topics.continuity, topics.positions],
        ["usdm_dead_letter", "usdm_continuity", "usdm_positions"]
      )
      assert.deepStrictEqual(notices, [])
    })
  )

  it.effect("takes topics by the usual variables, and says which have no effect", () =>
    Effect.gen(function* () {
      const { notices, topics } = yield* settingsFrom({
        ...usdm,
        TOPIC_PREFIX: "futures.",
        TOPIC_RAW_AGG_TRADES: "tape",
        TOPIC_RAW_MARK_PRICES: "marks",
        TOPIC_RAW_TRADES: "trades"
      })
      assert.deepStrictEqual(
        [topics.data.get("aggTrade"), topics.data.get("markPrice"), topics.positions],
        ["futures.tape", "futures.marks", "futures.usdm_positions"]
      )
      assert.deepStrictEqual(notices, ["TOPIC_RAW_TRADES has no effect: BINANCE_MARKET=usdm has no such streams"])
      const spot = yield* settingsFrom({ TOPIC_RAW_FORCE_ORDERS: "liquidations" })
      assert.deepStrictEqual(spot.notices, [
        "TOPIC_RAW_FORCE_ORDERS has no effect: BINANCE_MARKET=spot has no such streams"
      ])
    })
  )

  it.effect("refuses a stream of the other market, naming the variable", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* faultsOf(settingsFrom({ ...usdm, BINANCE_STREAMS: "btcusdt@trade" })), [
        'BINANCE_STREAMS=btcusdt@trade: "trade" is no stream kind: the exchange promises no stream of single trades of futures: use <symbol>@aggTrade'
      ])
      const [fault = ""] = yield* faultsOf(settingsFrom({ BINANCE_STREAMS: "btcusdt@forceOrder" }))
      assert.match(fault, /^BINANCE_STREAMS=btcusdt@forceOrder: .*BINANCE_MARKET=usdm has it$/)
    })
  )

  it.effect.each([
    [usdm, "wss://fstream.binance.com/market/stream", "/market and /public are put into it"],
    [usdm, "wss://fstream.binance.com/stream?timeUnit=MICROSECOND", "USD-M futures have no timeUnit"],
    [usdm, "wss://fstream.binance.com/ws", "/ws does not say which stream a message belongs to"],
    [{}, "wss://fstream.binance.com/market/stream", "/market belongs to futures: set BINANCE_MARKET=usdm"],
    [{}, "wss://fstream.binance.com/stream", "fstream.binance.com serves USD-M futures: set BINANCE_MARKET=usdm"],
    [{}, "wss://demo-fstream.binance.com", "demo-fstream.binance.com serves USD-M futures: set BINANCE_MARKET=usdm"]
  ] as const)("refuses with %j the address %s", ([market, url, because]) =>
    Effect.gen(function* () {
      const [fault = ""] = yield* faultsOf(settingsFrom({ ...market, BINANCE_WS_URL: url }))
      assert.isTrue(fault.startsWith(`BINANCE_WS_URL=${url}: `), fault)
      assert.include(fault, because)
    })
  )

  it.effect.each([
    [{}, "wss://stream.binance.us:9443/stream", "https://api.binance.us"],
    [{}, "wss://stream.testnet.binance.vision/stream", "https://testnet.binance.vision"],
    [{}, "wss://data-stream.binance.vision", "https://data-api.binance.vision"],
    [{}, "wss://demo-stream.binance.com/stream", "https://demo-api.binance.com"],
    [usdm, "wss://fstream.binancefuture.com/stream", "https://testnet.binancefuture.com"],
    [usdm, "wss://fstream.binance.com", "https://fapi.binance.com"]
  ] as const)("takes with %j the addresses %s and %s", ([market, ws, rest]) =>
    Effect.gen(function* () {
      const { binance } = yield* settingsFrom({ ...market, BINANCE_WS_URL: ws, BINANCE_REST_URL: rest })
      assert.strictEqual(binance.wsUrls[0].pathname, "/stream")
      assert.strictEqual(binance.restUrls[0].origin, rest)
    })
  )
})
