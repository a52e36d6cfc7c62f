import type { RequestListener } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as BinanceRest from "../../src/layers/BinanceRest.ts"
import * as MemoryExchangeInfo from "../../src/layers/MemoryExchangeInfo.ts"
import { ExchangeInfo } from "../../src/services/ExchangeInfo.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { freePort, serve } from "../support/http.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const unknownSymbols = (restUrl: string, symbols: ReadonlyArray<string>) =>
  Effect.flatMap(ExchangeInfo, (info) => info.unknownSymbols(symbols)).pipe(
    Effect.provide(
      BinanceRest.layer.pipe(
        Layer.provide(settingsLayer({ binance: { ...testSettings().binance, restUrls: [new URL(restUrl)] } }))
      )
    )
  )

/** What a server that answers so makes of the question. */
const messageFrom = (listener: RequestListener) =>
  Effect.gen(function* () {
    const { port } = yield* serve(listener)
    const { message } = yield* Effect.flip(unknownSymbols(`http://127.0.0.1:${port}`, ["BTCUSDT"]))
    return message.replace(String(port), "PORT")
  })

const answer =
  (status: number, body: string): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(body)

const nameOf = (index: number) => `COIN${index}USDT`
const names = (count: number) => Array.from({ length: count }, (_, index) => nameOf(index))

/** An exchange that knows `COIN0USDT` and on, and counts how it is asked. */
const makeCounting = (count: number) =>
  Effect.gen(function* () {
    const asked: Array<number | "all"> = []
    const known = new Set(names(count))
    const { port } = yield* serve((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://a")
      assert.strictEqual(searchParams.get("showPermissionSets"), "false")
      const named: ReadonlyArray<string> | undefined = JSON.parse(searchParams.get("symbols") ?? "null") ?? undefined
      asked.push(named?.length ?? "all")
      if (named?.every((name) => known.has(name)) === false) {
        response.writeHead(400).end(JSON.stringify({ code: -1121, msg: "Invalid symbol." }))
      } else {
        response.end(JSON.stringify({ symbols: [...(named ?? known)].map((symbol) => ({ symbol })) }))
      }
    })
    return { asked, url: `http://127.0.0.1:${port}/` }
  })

const statuses = (restUrl: string, symbols: ReadonlyArray<string>) =>
  Effect.flatMap(ExchangeInfo, (info) => info.statuses(symbols)).pipe(
    Effect.provide(
      BinanceRest.layer.pipe(
        Layer.provide(settingsLayer({ binance: { ...testSettings().binance, restUrls: [new URL(restUrl)] } }))
      )
    )
  )

describe("BinanceRest", () => {
  it.live("says the status of symbols, and leaves out those that are not there", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ symbols: ["BTCUSDT", "ETHUSDT"], rate: 0 })
      simulator.market.symbols.get("ETHUSDT")!.status = "BREAK"
      assert.deepStrictEqual(
        yield* statuses(simulator.restUrl, ["BTCUSDT", "ETHUSDT"]),
        new Map([
          ["BTCUSDT", "TRADING"],
          ["ETHUSDT", "BREAK"]
        ])
      )
      assert.deepStrictEqual(yield* statuses(simulator.restUrl, ["ETHUSDT", "NOUSDT"]), new Map([["ETHUSDT", "BREAK"]]))
      assert.deepStrictEqual(yield* statuses("http://127.0.0.1:1", []), new Map())
    })
  )

  it.live("names those symbols that the exchange does not know", () =>
    Effect.gen(function* () {
      const { restUrl } = yield* Simulator.make({ symbols: ["BTCUSDT", "ETHUSDT"], rate: 0 })
      assert.deepStrictEqual(yield* unknownSymbols(restUrl, ["BTCUSDT", "ETHUSDT"]), [])
      assert.deepStrictEqual(yield* unknownSymbols(restUrl, ["BTCUSTD", "BTCUSDT", "ETHUSD", "币安人生USDT"]), [
        "BTCUSTD",
        "ETHUSD",
        "币安人生USDT"
      ])
      assert.deepStrictEqual(yield* unknownSymbols(restUrl, ["BTCUSTD"]), ["BTCUSTD"])
    })
  )

  it.live("asks nothing about no symbols", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* unknownSymbols("http://127.0.0.1:1", []), [])
    })
  )

  for (const [name, symbols, expected] of [
    ["asks once if all are known", names(50), [50]],
    ["asks for a few one by one if one of them is unknown", [...names(19), "X"], [20, ...Array(20).fill(1)]],
    ["asks for the whole list if one of many is unknown", [...names(20), "X"], [21, "all"]],
    ["asks for the whole list where the names would not fit into a URL", [...names(300), "X"], ["all"]]
  ] as const) {
    it.live(name, () =>
      Effect.gen(function* () {
        const { asked, url } = yield* makeCounting(1000)
        const unknown = yield* unknownSymbols(url, symbols)
        assert.deepStrictEqual(
          unknown,
          symbols.filter((symbol) => symbol === "X")
        )
        assert.deepStrictEqual<ReadonlyArray<unknown>>(asked, expected)
      })
    )
  }

  it.live("asks through the proxy that the environment names", () =>
    Effect.gen(function* () {
      const asked = yield* Queue.unbounded<string>()
      const { port, server } = yield* serve(() => {})
      server.on("connect", (request, client) => {
        Queue.offerUnsafe(asked, request.url ?? "")
        client.write("HTTP/1.1 200 OK\r\n\r\n")
        client.once("data", () => client.end("HTTP/1.1 451 No\r\ncontent-length: 2\r\n\r\n{}"))
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => (process.env["HTTP_PROXY"] = `http://127.0.0.1:${port}`)),
        () => Effect.sync(() => delete process.env["HTTP_PROXY"])
      )
      const { message } = yield* Effect.flip(unknownSymbols("http://binance.example", ["BTCUSDT"]))
      assert.include(message, "BINANCE_REST_URL=http://binance.example answered with status 451")
      assert.strictEqual(yield* Queue.take(asked), "binance.example:80")
    })
  )

  it.live("asks below the path that the address names", () =>
    Effect.gen(function* () {
      const paths = yield* Queue.unbounded<string>()
      const { port } = yield* serve((request, response) => {
        Queue.offerUnsafe(paths, request.url?.split("?")[0] ?? "")
        response.end('{"symbols":[{"symbol":"BTCUSDT"}]}')
      })
      yield* unknownSymbols(`http://127.0.0.1:${port}/binance/`, ["BTCUSDT"])
      assert.strictEqual(yield* Queue.take(paths), "/binance/api/v3/exchangeInfo")
    })
  )

  for (const [name, listener, expected] of [
    [
      "names the public hosts where Binance does not serve the location",
      answer(451, '{"code":0,"msg":"Service unavailable from a restricted location"}'),
      "BINANCE_REST_URL=http://127.0.0.1:PORT answered with status 451 (0: Service unavailable from a restricted location): it does not serve this location; the public data of spot is also at BINANCE_REST_URL=https://data-api.binance.vision"
    ],
    [
      "says that the address sends too much",
      answer(429, '{"code":-1003,"msg":"Too much request weight used."}'),
      "BINANCE_REST_URL=http://127.0.0.1:PORT answered with status 429 (-1003: Too much request weight used.): this address sends too many requests"
    ],
    [
      "doubts an address that answers something else",
      answer(200, "<html>It works!</html>"),
      "BINANCE_REST_URL=http://127.0.0.1:PORT answered with status 200: is it Binance's REST address?"
    ],
    [
      "doubts an address that answers other JSON",
      answer(200, '{"symbols":"none"}'),
      "BINANCE_REST_URL=http://127.0.0.1:PORT answered with status 200: is it Binance's REST address?"
    ],
    [
      "says that the connection broke",
      ((request) => request.socket.destroy()) satisfies RequestListener,
      "BINANCE_REST_URL=http://127.0.0.1:PORT cannot be reached: ECONNRESET"
    ]
  ] as const) {
    it.live(name, () => Effect.map(messageFrom(listener), (message) => assert.strictEqual(message, expected)))
  }

  it.live("says that nobody listens there", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const { message } = yield* Effect.flip(unknownSymbols(`http://127.0.0.1:${port}`, ["BTCUSDT"]))
      assert.strictEqual(message, `BINANCE_REST_URL=http://127.0.0.1:${port} cannot be reached: ECONNREFUSED`)
    })
  )

  it.effect("waits for 10 s at most, also in the middle of an answer", () =>
    Effect.gen(function* () {
      const requests = yield* Queue.unbounded<void>()
      const { port } = yield* serve((_, response) => {
        response.writeHead(200).write('{"symbols":[')
        Queue.offerUnsafe(requests, undefined)
      })
      const fiber = yield* Effect.forkChild(Effect.flip(unknownSymbols(`http://127.0.0.1:${port}`, ["BTCUSDT"])))
      yield* Queue.take(requests)
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const { message } = yield* Fiber.join(fiber)
      assert.strictEqual(message, `BINANCE_REST_URL=http://127.0.0.1:${port} has not answered within 10 s`)
    })
  )
})

describe("MemoryExchangeInfo", () => {
  it.effect("knows the symbols that it is given", () =>
    Effect.gen(function* () {
      const info = Context.get(
        yield* Layer.build(MemoryExchangeInfo.layer(["BTCUSDT", "ETHUSDT"], { ETHUSDT: "HALT" })),
        ExchangeInfo
      )
      assert.deepStrictEqual(
        [...(yield* info.statuses(["BTCUSDT", "ETHUSDT", "NOUSDT"]))],
        [
          ["BTCUSDT", "TRADING"],
          ["ETHUSDT", "HALT"]
        ]
      )
      assert.deepStrictEqual(yield* info.unknownSymbols(["BTCUSDT", "X", "X"]), ["X"])
    })
  )
})
