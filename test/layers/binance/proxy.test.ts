import { createServer } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import * as Exchange from "../../support/exchange.ts"
import { goodFrame } from "../../support/hostile.ts"
import * as Program from "../../support/program.ts"

/** A proxy that tunnels, and says whereto. */
const makeProxy = Effect.gen(function* () {
  const asked = yield* Queue.unbounded<string>()
  const server = createServer().on("connect", (request, client, head) => {
    Queue.offerUnsafe(asked, request.url ?? "")
    const [host, port] = (request.url ?? "").split(":")
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n")
      upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
    upstream.on("error", () => client.destroy())
    client.on("error", () => upstream.destroy())
  })
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () => Effect.sync(() => server.close())
  )
  return { asked, url: `http://127.0.0.1:${port}` }
})

describe("proxy", () => {
  for (const [name, variables, expected] of [
    ["goes through the proxy that the environment names", (url: string) => ({ HTTP_PROXY: url }), 1],
    ["goes straight where NO_PROXY says so", (url: string) => ({ HTTP_PROXY: url, NO_PROXY: "127.0.0.1" }), 0]
  ] as const) {
    it.live(name, () =>
      Effect.gen(function* () {
        const exchange = yield* Exchange.make()
        const proxy = yield* makeProxy
        const program = yield* Program.start({
          ...variables(proxy.url),
          BINANCE_WS_URL: exchange.url.href,
          BINANCE_REST_URL: "http://127.0.0.1:1",
          BINANCE_STREAMS: "btcusdt@trade",
          SINK: "console",
          HTTP_PORT: "0"
        })
        const { socket } = yield* Queue.take(exchange.connections)
        socket.send(goodFrame(1))
        yield* program.says(/Data flows/)
        const asked = yield* Queue.clear(proxy.asked)
        assert.strictEqual(asked.filter((address) => address === exchange.url.host).length, expected)
      })
    )
  }
})
