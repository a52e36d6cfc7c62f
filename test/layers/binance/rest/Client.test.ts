import type { IncomingMessage } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Metric } from "effect"
import * as BinanceRest from "../../../../src/layers/BinanceRest.ts"
import * as Client from "../../../../src/layers/binance/rest/Client.ts"
import * as StatusBoard from "../../../../src/layers/StatusBoard.ts"
import { Status } from "../../../../src/services/Status.ts"
import { ExchangeInfo } from "../../../../src/services/ExchangeInfo.ts"
import * as Telemetry from "../../../../src/services/Telemetry.ts"
import * as Simulator from "../../../../src/simulator/Simulator.ts"
import { serve } from "../../../support/http.ts"
import { makeClient, restSettings } from "../../../support/rest.ts"

/** The client that a layer was given. */
class Seen extends Context.Service<Seen, Client.RestClient["Service"]>()("test/Seen") {}

/** A server that keeps what it is asked; a path's answer is its status and body. */
const makeServer = (answers: Readonly<Record<string, readonly [status: number, body: string]>> = {}) =>
  Effect.gen(function* () {
    const asked: Array<IncomingMessage> = []
    const { port } = yield* serve((request, response) => {
      asked.push(request)
      const [status, body] = answers[request.url?.split("?")[0] ?? ""] ?? [200, "{}"]
      response.writeHead(status, { "X-MBX-USED-WEIGHT-1M": "77" }).end(body)
    })
    return { asked, url: `http://127.0.0.1:${port}` }
  })

const question = (endpoint: string): Client.Question<unknown> => ({
  endpoint,
  parameters: {},
  weight: 1,
  read: ({ body }) => Effect.succeed(body)
})

const requests = (endpoint: string, outcome: string) =>
  Effect.map(Metric.value(Metric.withAttributes(Telemetry.restRequests, { endpoint, outcome })), ({ count }) =>
    Number(count)
  )

describe("the REST client", () => {
  it.live("asks below the path of the address, with what is to be known and nothing else", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* makeServer()
      const client = yield* makeClient([`${url}/proxy/`])
      yield* client.ask({
        ...question("klines"),
        parameters: { symbol: "币安人生USDT", limit: 5, timeZone: undefined }
      })
      const [{ headers, method, url: path } = assert.fail("nothing was asked")] = asked
      assert.strictEqual(method, "GET")
      assert.strictEqual(path, `/proxy/api/v3/klines?symbol=${encodeURIComponent("币安人生USDT")}&limit=5`)
      assert.notProperty(headers, "traceparent")
      assert.notProperty(headers, "x-mbx-time-unit")
    })
  )

  it.live("asks for microseconds where the streams have them", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* makeServer()
      const client = yield* makeClient([url], { wsUrl: "ws://127.0.0.1:1/stream?timeUnit=MICROSECOND" })
      yield* client.ask(question("trades"))
      assert.strictEqual(asked[0]?.headers["x-mbx-time-unit"], "MICROSECOND")
    })
  )

  it.live("counts its requests by endpoint and outcome, and shows the weight that is used up", () =>
    Effect.gen(function* () {
      const { url } = yield* makeServer({
        "/api/v3/gone": [404, ""],
        "/api/v3/busy": [503, ""],
        "/api/v3/wrong": [400, '{"code":-1100,"msg":"Illegal characters"}'],
        "/api/v3/blocked": [403, "<html>"],
        "/api/v3/odd": [200, "]"]
      })
      const client = yield* makeClient([url])
      for (const [endpoint, outcome] of [
        ["good", "ok"],
        ["gone", "missing"],
        ["busy", "failed"],
        ["wrong", "rejected"],
        ["blocked", "refused"],
        ["odd", "malformed"]
      ] as const) {
        yield* Effect.exit(client.ask(question(endpoint)))
        assert.strictEqual(yield* requests(endpoint, outcome), 1, endpoint)
      }
      assert.strictEqual((yield* Metric.value(Telemetry.restUsedWeight)).value, 77)
    })
  )

  it.live("does not ask the next host what the exchange itself rejects", () =>
    Effect.gen(function* () {
      const one = yield* makeServer({ "/api/v3/klines": [400, '{"code":-1121,"msg":"Invalid symbol."}'] })
      const other = yield* makeServer()
      const client = yield* makeClient([one.url, other.url])
      const error = yield* Effect.flip(client.ask(question("klines")))
      assert.deepStrictEqual([error.kind, error.code, error.isTransient], ["rejected", -1121, false])
      assert.lengthOf(other.asked, 0)
    })
  )

  it.live("follows no redirection", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* makeServer({ "/api/v3/klines": [302, ""] })
      const client = yield* makeClient([url])
      assert.strictEqual(
        (yield* Effect.flip(client.ask(question("klines")))).message,
        `BINANCE_REST_URL=${url} answered with status 302: is it Binance's REST address?`
      )
      assert.lengthOf(asked, 1)
    })
  )

  it.effect("is one for all that asks, with one budget, whose size exchangeInfo tells", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ symbols: ["BTCUSDT"], rate: 0, rest: { weightPerMinute: 5_000_000 } })
      const client = Layer.fresh(Client.layer)
      const built = yield* Layer.build(
        Layer.merge(
          BinanceRest.layerNoClient,
          Layer.effect(
            Seen,
            Client.RestClient.useSync((it) => it)
          )
        ).pipe(Layer.provide(client), Layer.provide(restSettings([simulator.restUrl])))
      )
      yield* Context.get(built, ExchangeInfo).unknownSymbols(["BTCUSDT"])
      // Did 6000 still hold, it would wait for a minute that never comes.
      const { ask } = Context.get(built, Seen)
      yield* ask({ ...question("ping"), weight: 100_000 })
      yield* ask({ ...question("ping"), weight: 100_000 })
    })
  )

  it.live("shows whether it is answered, since when not and why, and what weight is used", () =>
    Effect.gen(function* () {
      const answers: Record<string, readonly [number, string]> = {}
      const { url } = yield* makeServer(answers)
      const client = yield* makeClient([url])
      const status = yield* Status
      const shown = () => status.figures().rest!
      const ask = Effect.exit(client.ask(question("klines")))
      assert.deepStrictEqual(shown(), { answeredAt: null, failingSince: null, fault: null, usedWeight: null })
      answers["/api/v3/klines"] = [503, "{}"]
      yield* ask
      const fault = `BINANCE_REST_URL=${url} answered with status 503: the trouble is on its side`
      assert.deepInclude(shown(), { fault, usedWeight: 77 })
      assert.isNotNull(shown().failingSince)
      assert.deepStrictEqual(
        status.troubles().map(({ name, text }) => [name, text]),
        [["REST (does not answer)", fault]]
      )
      // It does answer, if not as was hoped.
      answers["/api/v3/klines"] = [400, '{"code":-1121,"msg":"Invalid symbol."}']
      yield* ask
      assert.deepStrictEqual([status.troubles(), shown().fault, shown().failingSince], [[], null, null])
      assert.isNotNull(shown().answeredAt)
    }).pipe(Effect.provide(StatusBoard.layer))
  )
})
