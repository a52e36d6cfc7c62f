import type { ServerResponse } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Layer, Option, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as BinanceHistory from "../../src/layers/BinanceHistory.ts"
import { RestClient } from "../../src/layers/binance/rest/Client.ts"
import { RestError } from "../../src/layers/binance/rest/RestError.ts"
import { MarketHistory } from "../../src/services/MarketHistory.ts"
import type { RestRequest, RestVerdict } from "../../src/simulator/Faults.ts"
import { freePort, request, serve } from "../support/http.ts"
import * as LogProbe from "../support/logProbe.ts"
import { makeHistory } from "../support/rest.ts"
import {
  aggregates,
  faulty,
  FIRST_WAIT,
  idsOf,
  make,
  range,
  seconds,
  stream,
  textsOf,
  trades,
  withEventTime
} from "../support/history.ts"

const onPath = (path: string, verdict: RestVerdict) => (request: RestRequest) =>
  request.path === `/api/v3/${path}` ? verdict : undefined
const missing = onPath("historicalTrades", { answer: { status: 404, body: "<html>Not Found</html>" } })
const WAITS = [FIRST_WAIT, 1200]

describe("a trouble with the exchange's history", () => {
  const badTrade = `[{"id":1,"price":2891.17,"qty":"1","quoteQty":"1","time":1,"isBuyerMaker":true,"isBestMatch":true}]`

  for (const [name, verdict, expected] of [
    ["an answer that breaks off", { truncateAt: 100 }, /has broken off its answer: /],
    [
      "the exchange's own error",
      { answer: { status: 503, body: '{"code":-1008,"msg":"Server is overloaded"}' } },
      /answered with status 503 \(-1008: Server is overloaded\): the trouble is on its side/
    ],
    [
      "a time-out told as a bad request",
      { answer: { status: 400, body: '{"code":-1007,"msg":"Timeout"}' } },
      /answered with status 400 \(-1007: Timeout\): the trouble is on its side/
    ],
    [
      "half a JSON text",
      { answer: { status: 200, body: "[{" } },
      /answered with status 200: is it Binance's REST address\?/
    ],
    [
      "a number where a decimal string should be",
      { answer: { status: 200, body: badTrade } },
      /answered with status 200: a row is not understood: .+ at 0\.price$/
    ],
    ["no list at all", { answer: { status: 200, body: "{}" } }, /answered with status 200: a row is not understood: /]
  ] as const) {
    it.effect(`is waited out: ${name}`, () =>
      Effect.gen(function* () {
        const simulator = yield* make()
        yield* TestClock.adjust("1 seconds")
        const { failures, history } = yield* makeHistory([simulator.restUrl])
        const { first } = simulator.ledger.generated("BTCUSDT")!.trades
        faulty(simulator, verdict, verdict)
        const asked = yield* Effect.forkChild(history.page(trades, first, 10))
        for (const wait of WAITS) {
          assert.match((yield* Queue.take(failures)).message, expected)
          yield* TestClock.adjust(wait)
        }
        assert.deepStrictEqual(idsOf((yield* Fiber.join(asked)).events), range(first, first + 9))
      })
    )
  }

  it.effect("is in the log after some seconds, with the host, the status and the stream", () =>
    Effect.gen(function* () {
      const probe = yield* LogProbe.make
      const reason = "BINANCE_REST_URL=https://api.binance.com answered with status 503"
      const client = Layer.succeed(RestClient, {
        market: "spot",
        allow: () => {},
        ask: () => Effect.fail(new RestError({ kind: "failed", message: reason }))
      })
      const context = yield* Layer.build(Layer.provide(BinanceHistory.layerNoClient, client))
      const history = Context.get(context, MarketHistory)
      yield* Effect.forkChild(Effect.provide(history.page(trades, 1, 10), probe.layer))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        (yield* Queue.clear(probe.events)).map(({ annotations, message }) => [message, annotations]),
        [["The exchange's history does not answer: asking again", { stream: "btcusdt@trade", reason }]]
      )
    })
  )

  it.effect("is none where the exchange refuses the question", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { history } = yield* makeHistory([simulator.restUrl])
      const error = yield* Effect.flip(history.newest(stream("bctusdt@trade")))
      assert.isTrue(error.isRefusal)
      assert.include(error.message, "Invalid symbol")
    })
  )

  it.effect("is told after seven attempts in half a minute or so", () =>
    Effect.gen(function* () {
      const attempts: Array<number> = []
      const client = Layer.succeed(RestClient, {
        market: "spot",
        allow: () => {},
        ask: () =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            attempts.push(now)
            return Effect.fail(new RestError({ kind: "failed", message: `attempt ${attempts.length}` }))
          })
      })
      const context = yield* Layer.build(Layer.provide(BinanceHistory.layerNoClient, client))
      const asked = yield* Effect.forkChild(Effect.flip(Context.get(context, MarketHistory).page(trades, 1, 10)))
      yield* TestClock.adjust("1 minute")
      const { message } = yield* Fiber.join(asked)
      assert.strictEqual(message, "The history of btcusdt@trade: attempt 7")
      const waits = attempts.slice(1).map((at, index) => Math.round(at - attempts[index]!))
      for (const [index, wait] of [500, 1000, 2000, 4000, 8000, 15_000].entries()) {
        assert.isAtLeast(waits[index]!, Math.min(wait * 0.8, 12_800))
        assert.isAtMost(waits[index]!, Math.min(wait * 1.2, 15_000))
      }
    })
  )

  it.effect("may be that nothing comes for ten seconds", () =>
    Effect.gen(function* () {
      const requests = yield* Queue.unbounded<void>()
      const { port } = yield* serve(() => Queue.offerUnsafe(requests, undefined))
      const { failures, history } = yield* makeHistory([`http://127.0.0.1:${port}`])
      yield* Effect.forkChild(history.page(trades, 1, 10))
      yield* Queue.take(requests)
      yield* TestClock.adjust("10 seconds")
      assert.match((yield* Queue.take(failures)).message, /has not answered within 10 s$/)
      yield* TestClock.adjust("1 seconds")
      yield* Queue.take(requests)
    })
  )

  for (const [name, status, body, expected] of [
    [
      "the location is not served",
      451,
      '{"code":0,"msg":"restricted location"}',
      /status 451 .*the public data of spot is also at BINANCE_REST_URL=https:\/\/data-api\.binance\.vision$/
    ],
    ["the firewall blocks", 403, "<html>403</html>", /status 403: its firewall blocks this address$/],
    [
      "the symbol is unknown",
      400,
      '{"code":-1121,"msg":"Invalid symbol."}',
      /status 400 \(-1121: Invalid symbol\.\): it does not take this question about \/api\/v3\/aggTrades$/
    ],
    ["there is no such endpoint", 404, "", /status 404: it has no \/api\/v3\/aggTrades$/]
  ] as const) {
    it.effect(`is told at once: ${name}`, () =>
      Effect.gen(function* () {
        const simulator = yield* make({ rate: 0 })
        simulator.setFaults({ onRest: () => ({ answer: { status, body } }) })
        const { history } = yield* makeHistory([simulator.restUrl])
        assert.match((yield* Effect.flip(history.page(aggregates, 1, 10))).message, expected)
        assert.strictEqual(simulator.rest.requests, 1)
      })
    )
  }
})

describe("a host without old trades", () => {
  for (const [name, answer] of [
    ["404", { status: 404, body: "" }],
    ["a page for people", { status: 200, body: "<!DOCTYPE html><html></html>" }],
    ["that it wants a key", { status: 401, body: '{"code":-2014,"msg":"API-key format invalid."}' }],
    ["that it does not support it", { status: 400, body: '{"code":-1020,"msg":"This operation is not supported."}' }]
  ] as const) {
    it.effect(`is asked for its newest ones if it says ${name}`, () =>
      Effect.gen(function* () {
        const simulator = yield* make()
        yield* TestClock.adjust("1 seconds")
        simulator.setFaults({ onRest: onPath("historicalTrades", { answer }) })
        const { history } = yield* makeHistory([simulator.restUrl])
        const { last } = simulator.ledger.generated("BTCUSDT")!.trades
        const page = yield* history.page(trades, last - 20, 10)
        assert.deepStrictEqual(
          textsOf(page),
          range(last - 20, last - 11).map((id) => withEventTime(simulator.ledger.tradePayload("BTCUSDT", id)!))
        )
      })
    )
  }

  it.effect("is no help where its newest ones begin too late", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ history: 6000 })
      simulator.setFaults({ onRest: missing })
      const { history } = yield* makeHistory([simulator.restUrl])
      const { last } = simulator.ledger.generated("BTCUSDT")!.trades
      assert.strictEqual((yield* history.page(trades, last - 999, 10)).events.length, 10)
      assert.strictEqual(
        (yield* Effect.flip(history.page(trades, last - 1000, 10))).message,
        `The history of btcusdt@trade: BINANCE_REST_URL names no host with /api/v3/historicalTrades, and its newest 1000 trades begin at ${last - 999}: add one that has it, such as https://api.binance.com`
      )
    })
  )

  it.effect("has all there is if it has less than a page", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ symbols: ["BTCUSDT"], history: 50 })
      simulator.setFaults({ onRest: missing })
      const { history } = yield* makeHistory([simulator.restUrl])
      const { first, last } = simulator.ledger.generated("BTCUSDT")!.trades
      assert.deepStrictEqual(idsOf((yield* history.page(trades, first - 1, 1000)).events), range(first, last))
    })
  )

  it.effect("is helped out by the next one", () =>
    Effect.gen(function* () {
      const one = yield* make({ symbols: ["BTCUSDT"], history: 3000 })
      const other = yield* make({ symbols: ["BTCUSDT"], history: 3000 })
      one.setFaults({ onRest: missing })
      const { history } = yield* makeHistory([one.restUrl, other.restUrl])
      const { first } = one.ledger.generated("BTCUSDT")!.trades
      assert.deepStrictEqual(idsOf((yield* history.page(trades, first, 5)).events), range(first, first + 4))
      assert.deepStrictEqual([one.rest.requests, other.rest.requests], [1, 1])
      yield* history.newest(trades)
      assert.deepStrictEqual([one.rest.requests, other.rest.requests], [2, 1])
    })
  )
})

describe("several hosts", () => {
  it.effect("are asked in turn where one is not there, or does not serve the location", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { port } = yield* serve((_, response) => response.writeHead(451).end("{}"))
      const { history } = yield* makeHistory([
        `http://127.0.0.1:${yield* freePort}`,
        `http://127.0.0.1:${port}`,
        simulator.restUrl
      ])
      const { first, last } = simulator.ledger.generated("BTCUSDT")!.trades
      assert.deepStrictEqual(idsOf((yield* history.page(trades, first, 5)).events), range(first, first + 4))
      assert.deepStrictEqual(yield* history.newest(trades), Option.some(last))
    })
  )

  it.effect("are all asked again where one of them may come back", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      faulty(simulator, { answer: { status: 500, body: "" } })
      const { port } = yield* serve((_, response) => response.writeHead(451).end("{}"))
      const { failures, history } = yield* makeHistory([simulator.restUrl, `http://127.0.0.1:${port}`])
      const { first } = simulator.ledger.generated("BTCUSDT")!.trades
      const asked = yield* Effect.forkChild(history.page(trades, first, 1))
      assert.include((yield* Queue.take(failures)).message, "status 500")
      yield* TestClock.adjust(FIRST_WAIT)
      assert.deepStrictEqual(idsOf((yield* Fiber.join(asked)).events), [first])
    })
  )
})

describe("the exchange's limits", () => {
  it.effect("are kept to the share that is ours, for as long as the minute lasts", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const { history } = yield* makeHistory([simulator.restUrl], { share: 0.01 })
      // 60 of 6000, at 4 each.
      for (let n = 0; n < 15; n++) yield* history.newest(trades)
      const asked = yield* Effect.forkChild(history.newest(trades))
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(simulator.rest.requests, 15)
      assert.isUndefined(asked.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(asked)
      assert.strictEqual(simulator.rest.requests, 16)
    })
  )

  for (const status of [429, 418]) {
    it.effect(`hold everything up together after ${status}`, () =>
      Effect.gen(function* () {
        const simulator = yield* make({ rate: 0 })
        const { events, layer } = yield* LogProbe.make
        const { failures, history } = yield* makeHistory([simulator.restUrl])
        faulty(simulator, {
          answer: { status, headers: { "Retry-After": "7" }, body: '{"code":-1003,"msg":"Too much"}' }
        })
        const first = yield* Effect.forkChild(Effect.provide(history.newest(trades), layer))
        assert.strictEqual((yield* Queue.take(failures)).kind, "throttled")
        assert.deepStrictEqual((yield* Queue.take(events)).level, status === 429 ? "Warn" : "Error")
        const second = yield* Effect.forkChild(history.page(seconds, 0, 10))
        yield* TestClock.adjust("6999 millis")
        assert.strictEqual(simulator.rest.requests, 1)
        yield* TestClock.adjust("1 millis")
        yield* Fiber.join(first)
        yield* Fiber.join(second)
        assert.strictEqual(simulator.rest.requests, 3)
      })
    )
  }

  it.effect("bound how many requests are under way", () =>
    Effect.gen(function* () {
      const waiting = yield* Queue.unbounded<ServerResponse>()
      const { port } = yield* serve((request, response) => {
        if (request.url === "/look") response.end()
        else Queue.offerUnsafe(waiting, response)
      })
      const url = `http://127.0.0.1:${port}`
      const { history } = yield* makeHistory([url])
      const asked = yield* Effect.forkChild(
        Effect.forEach(range(1, 12), (from) => history.page(trades, from, 10), { concurrency: "unbounded" })
      )
      for (const batch of range(1, 3)) {
        const responses = yield* Queue.takeBetween(waiting, 4, 4)
        // Whatever else was sent is there before this.
        yield* request(`${url}/look`)
        assert.strictEqual(yield* Queue.size(waiting), 0, `in batch ${batch}`)
        for (const response of responses) response.end("[]")
      }
      assert.strictEqual((yield* Fiber.join(asked)).length, 12)
    })
  )
})
