import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Queue, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryExchangeInfo from "../../src/layers/MemoryExchangeInfo.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import * as SymbolCheck from "../../src/layers/SymbolCheck.ts"
import { ExchangeInfo } from "../../src/services/ExchangeInfo.ts"
import { Status } from "../../src/services/Status.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { freePort, serve } from "../support/http.ts"
import * as LogProbe from "../support/logProbe.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"

const settingsFor = (restUrl: string, streams: ReadonlyArray<string>, feed: Settings["feed"] = "binance") =>
  settingsLayer({
    feed,
    binance: { ...testSettings().binance, restUrls: [new URL(restUrl)], streams: streamNames(...streams) }
  })

const WARNING =
  "Binance does not know this symbol: it acknowledges its streams and stays silent. Look at BINANCE_STREAMS"

describe("SymbolCheck", () => {
  it.live("warns of each symbol that the exchange does not know", () =>
    Effect.gen(function* () {
      const { restUrl } = yield* Simulator.make({ symbols: ["BTCUSDT"], rate: 0 })
      const { events, layer } = yield* LogProbe.make
      const streams = ["btcusdt@trade", "btcustd@trade", "btcustd@kline_1m", "ethusd@aggTrade", "!miniTicker@arr"]
      yield* Layer.build(SymbolCheck.layer.pipe(Layer.provide(settingsFor(restUrl, streams)), Layer.provide(layer)))
      assert.deepStrictEqual(
        [yield* Queue.take(events), yield* Queue.take(events)],
        ["BTCUSTD", "ETHUSD"].map((symbol) => ({ level: "Warn", message: WARNING, annotations: { symbol } }))
      )
    })
  )

  it.effect("asks for each symbol once, and says nothing if all are known", () =>
    Effect.gen(function* () {
      const { events, layer } = yield* LogProbe.make
      const asked: Array<string> = []
      const exchange = Layer.succeed(ExchangeInfo, {
        unknownSymbols: (symbols) => Effect.sync(() => (asked.push(...symbols), [])),
        statuses: () => Effect.die("not asked"),
        listings: Effect.die("not asked"),
        turnovers: Effect.die("not asked")
      })
      const streams = ["btcusdt@trade", "btcusdt@ticker", "ethusdt@trade", "!miniTicker@arr"]
      yield* SymbolCheck.check.pipe(Effect.provide([exchange, settingsFor("http://127.0.0.1:1", streams), layer]))
      assert.deepStrictEqual(asked, ["BTCUSDT", "ETHUSDT"])
      assert.strictEqual(yield* Queue.size(events), 0)
    })
  )

  it.live("says in one line that it could not look", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const { events, layer } = yield* LogProbe.make
      const settings = settingsFor(`http://127.0.0.1:${port}`, ["btcusdt@trade", "ethusdt@trade"])
      yield* Layer.build(SymbolCheck.layer.pipe(Layer.provide(settings), Layer.provide(layer)))
      assert.deepStrictEqual(yield* Queue.take(events), {
        level: "Info",
        message: "The symbols are not checked",
        annotations: { reason: `BINANCE_REST_URL=http://127.0.0.1:${port} cannot be reached: ECONNREFUSED` }
      })
      assert.strictEqual(yield* Queue.size(events), 0)
    })
  )

  it.live("holds up neither the start nor the stop", () =>
    Effect.gen(function* () {
      const asked = yield* Queue.unbounded<void>()
      // It takes the question and never answers.
      const { port } = yield* serve(() => Queue.offerUnsafe(asked, undefined))
      const { events, layer } = yield* LogProbe.make
      const scope = yield* Scope.make()
      const settings = settingsFor(`http://127.0.0.1:${port}`, ["btcusdt@trade"])
      yield* Layer.buildWithScope(SymbolCheck.layer.pipe(Layer.provide(settings), Layer.provide(layer)), scope)
      yield* Queue.take(asked)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Queue.size(events), 0)
    })
  )

  it.live("does not ask for a replay", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const { port } = yield* serve((request, response) => {
        asked.push(request.url)
        response.writeHead(500).end()
      })
      const { events, layer } = yield* LogProbe.make
      const url = `http://127.0.0.1:${port}`
      const checkOf = (feed: Settings["feed"]) =>
        Layer.build(
          Layer.fresh(SymbolCheck.layer).pipe(
            Layer.provide(settingsFor(url, ["btcusdt@trade"], feed)),
            Layer.provide(layer)
          )
        )
      yield* checkOf("replay")
      yield* checkOf("binance")
      // The one that asks has come this far; the other was there before it.
      yield* Queue.take(events)
      assert.strictEqual(asked.length, 1)
    })
  )

  it.effect("runs over any exchange's information", () =>
    Effect.gen(function* () {
      const { events, layer } = yield* LogProbe.make
      yield* SymbolCheck.check.pipe(
        Effect.provide([MemoryExchangeInfo.layer([]), settingsFor("http://127.0.0.1:1", ["btcusdt@trade"]), layer])
      )
      assert.deepStrictEqual((yield* Queue.take(events)).annotations, { symbol: "BTCUSDT" })
    })
  )

  it.effect("tells of each stream of an unknown symbol, for as long as the program runs", () =>
    Effect.gen(function* () {
      const streams = ["btcusdt@trade", "bctusdt@trade", "bctusdt@ticker", "!miniTicker@arr"]
      yield* SymbolCheck.check.pipe(
        Effect.provide([MemoryExchangeInfo.layer(["BTCUSDT"]), settingsFor("http://127.0.0.1:1", streams)])
      )
      const { troubles } = yield* Status
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(
        troubles().map(({ name, text }) => `${name}: ${text}`),
        ["bctusdt@trade", "bctusdt@ticker"].map(
          (name) => `${name} (unknown symbol): Binance does not know it: look at BINANCE_STREAMS`
        )
      )
    }).pipe(Effect.provide(Layer.merge(StatusBoard.layer, Logger.layer([]))))
  )
})
