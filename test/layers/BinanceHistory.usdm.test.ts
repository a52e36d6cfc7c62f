/** The history of USD-M futures over a real connection: aggregate trades as far back as the exchange tells them, and candles. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import * as BinanceRest from "../../src/layers/BinanceRest.ts"
import { RestClient } from "../../src/layers/binance/rest/Client.ts"
import { usdm } from "../../src/schema/Market.ts"
import { ExchangeInfo } from "../../src/services/ExchangeInfo.ts"
import type { RestRequest, RestVerdict } from "../../src/simulator/Faults.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { makeClient, makeHistory } from "../support/rest.ts"
import { streamNames, usdmNames } from "../support/settings.ts"

const start = Date.UTC(2026, 10, 23, 15, 59, 57)
const [aggregates, minutes, marks] = usdmNames("btcusdt@aggTrade", "btcusdt@kline_1m", "btcusdt@markPrice")

const make = (options: Partial<Simulator.SimulatorOptions> = {}) =>
  Simulator.make({ market: "usdm", symbols: ["BTCUSDT"], start, rate: 300, ...options })

/** As the stream would have brought it, but for the event time. */
const asFetched = (payload: string | undefined) => payload?.replace(/"E":\d+/, `"E":${JSON.parse(payload).T}`)

describe("the history of futures", () => {
  it.effect("has aggregate trades and closed candles, of this market alone", () =>
    Effect.gen(function* () {
      const { restUrl } = yield* make()
      const { history } = yield* makeHistory([restUrl], { market: usdm })
      assert.deepStrictEqual(
        [aggregates!, minutes!, marks!, ...streamNames("btcusdt@aggTrade", "btcusdt@trade")].map(history.serves),
        [true, true, false, false, false]
      )
    })
  )

  it.effect("tells an aggregate trade in the stream's own words, and says whose it is", () =>
    Effect.gen(function* () {
      const { ledger, restUrl } = yield* make()
      const { history } = yield* makeHistory([restUrl], { market: usdm })
      const { first, last } = ledger.generated("BTCUSDT")!.aggregates
      const { events, goneBelow } = yield* history.page(aggregates!, first + 5, 50)
      assert.deepStrictEqual(
        events.map(({ json }) => json),
        events.map((_, index) => asFetched(ledger.aggregatePayload("BTCUSDT", first + 5 + index)))
      )
      assert.lengthOf(events, 50)
      assert.isUndefined(goneBelow)
      assert.deepStrictEqual(yield* history.newest(aggregates!), Option.some(last))
    })
  )

  it.effect("takes it for no hole that the trades of the insurance fund are in none", () =>
    Effect.gen(function* () {
      const { ledger, restUrl } = yield* make({ history: 5000 })
      const { history } = yield* makeHistory([restUrl], { market: usdm })
      const { first } = ledger.generated("BTCUSDT")!.aggregates
      const { events, voids } = yield* history.page(aggregates!, first, 1000)
      const rows = events.map(({ json }): { a: number; f: number; l: number } => JSON.parse(json))
      const skipping = rows.filter(({ f }, index) => index > 0 && f !== rows[index - 1]!.l + 1)
      assert.isNotEmpty(skipping, "the ids of the trades skip")
      assert.deepStrictEqual(
        rows.map(({ a }) => a),
        rows.map((_, index) => first + index)
      )
      assert.isEmpty(voids)
    })
  )

  it.effect("tells what the exchange has let go from what there never was", () =>
    Effect.gen(function* () {
      const { ledger, restUrl, setFaults } = yield* make({ rate: 0.05, history: 6000 })
      const { history } = yield* makeHistory([restUrl], { market: usdm })
      const { first } = ledger.generated("BTCUSDT")!.aggregates
      const { events, goneBelow } = yield* history.page(aggregates!, first, 100)
      const [oldest] = events
      assert.isAbove(oldest!.facts.span!.first, first)
      assert.strictEqual(goneBelow, oldest!.facts.span!.first)

      // The exchange leaves one out in the middle of what it has.
      const from = goneBelow! + 10
      const asked: Array<string | undefined> = []
      const leftOut = ({ parameters, path }: RestRequest): RestVerdict | undefined => {
        if (!path.endsWith("/aggTrades")) return undefined
        asked.push(parameters.get("fromId"))
        if (parameters.get("fromId") !== String(from)) return undefined
        const rows = [1, 2, 3].map((ahead) => JSON.parse(ledger.aggregatePayload("BTCUSDT", from + ahead)!))
        return { answer: { status: 200, body: JSON.stringify(rows) } }
      }
      setFaults({ onRest: leftOut })
      const page = yield* history.page(aggregates!, from, 100)
      assert.isUndefined(page.goneBelow)
      assert.deepStrictEqual(
        page.events.map(({ facts }) => facts.span!.first),
        [from + 1, from + 2, from + 3]
      )
      assert.deepStrictEqual(asked, [String(from), String(from - 1)])
    })
  )

  it.effect("says that it does not tell what it tells nothing of, and waits for what is yet to come", () =>
    Effect.gen(function* () {
      const { ledger, restUrl, setFaults } = yield* make()
      const { history } = yield* makeHistory([restUrl], { market: usdm })
      const { first, last } = ledger.generated("BTCUSDT")!.aggregates
      assert.deepStrictEqual(yield* history.page(aggregates!, last + 1, 50), { events: [], voids: [] })
      const nothing = { answer: { status: 200, body: "[]" } }
      setFaults({ onRest: ({ parameters }) => (parameters.has("fromId") ? nothing : undefined) })
      const { events, goneBelow } = yield* history.page(aggregates!, first, 50)
      assert.deepStrictEqual([events.length, goneBelow], [0, first + 50])
    })
  )

  it.effect("tells closed candles", () =>
    Effect.gen(function* () {
      const { restUrl } = yield* make({ rate: 10, history: 6000 })
      const { history } = yield* makeHistory([restUrl], { market: usdm })
      const { events } = yield* history.page(minutes!, start - 300_000, 100)
      assert.isAtLeast(events.length, 4)
      for (const { facts, json } of events) {
        assert.isTrue(JSON.parse(json).k.x)
        assert.strictEqual(facts.span!.last, facts.span!.first + 59_999)
      }
    })
  )
})

describe("the symbols of futures", () => {
  it.effect("are told all at once: the exchange cannot be asked for some", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const { restUrl } = yield* make({
        symbols: ["BTCUSDT", "ETHUSDT"],
        faults: {
          onRest: ({ parameters, path }) => void asked.push(`${path}?${[...parameters.keys()].join("&")}`)
        }
      })
      const client = yield* makeClient([restUrl], { market: usdm })
      const context = yield* Layer.build(Layer.provide(BinanceRest.layerNoClient, Layer.succeed(RestClient, client)))
      const info = Context.get(context, ExchangeInfo)
      assert.deepStrictEqual(yield* info.unknownSymbols(["BTCUSDT", "BTCUSD_PERP"]), ["BTCUSD_PERP"])
      assert.deepStrictEqual(yield* info.unknownSymbols(["DOGEUSD_PERP"]), ["DOGEUSD_PERP"])
      assert.deepStrictEqual([...(yield* info.statuses(["ETHUSDT"]))], [["ETHUSDT", "TRADING"]])
      assert.deepStrictEqual(new Set(asked), new Set(["/fapi/v1/exchangeInfo?"]))
    })
  )
})
