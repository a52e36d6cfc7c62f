import { createServer } from "node:http"
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { faults } from "../../../src/layers/binance/proxy.ts"
import * as Exchange from "../../support/exchange.ts"
import { goodFrame } from "../../support/hostile.ts"
import * as Program from "../../support/program.ts"

const listen = (server: Server) =>
  Effect.callback<number>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
  })

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
  const port = yield* Effect.acquireRelease(listen(server), () => Effect.sync(() => server.close()))
  return { asked, url: `http://127.0.0.1:${port}` }
})

/** A proxy that takes connections and never answers. */
const makeMute = Effect.gen(function* () {
  const closed = yield* Queue.unbounded<void>()
  const heard = yield* Queue.unbounded<Buffer>()
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("data", (data) => Queue.offerUnsafe(heard, data))
    socket.once("close", () => {
      sockets.delete(socket)
      Queue.offerUnsafe(closed, undefined)
    })
  })
  const port = yield* Effect.acquireRelease(listen(server), () =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
  )
  return { closed, heard, address: `127.0.0.1:${port}` }
})

describe("proxy", () => {
  it.live(
    "ends what it has begun with a proxy that does not answer, and asks a proxy without a scheme in plain HTTP",
    () =>
      Effect.gen(function* () {
        const proxy = yield* makeMute
        yield* Program.start({
          HTTPS_PROXY: proxy.address,
          BINANCE_WS_URL: "wss://exchange.invalid/stream",
          BINANCE_REST_URL: "http://127.0.0.1:1",
          BINANCE_STREAMS: "btcusdt@trade",
          RECONNECT_MAX_DELAY_SECONDS: "0.05",
          WS_CONNECTION_TIMEOUT: "0.2",
          SINK: "console",
          HTTP_PORT: "0"
        })
        // Each one that was begun is ended.
        for (let attempt = 1; attempt <= 5; attempt++) yield* Queue.take(proxy.closed)
        assert.match(
          Buffer.concat(yield* Queue.clear(proxy.heard)).toString(),
          /^(CONNECT exchange\.invalid:443 HTTP\/1\.1\r\n[^]*?\r\n\r\n)+$/
        )
      })
  )

  it("refuses what it cannot do", () => {
    const faultsOf = (value: string) => faults({ HTTPS_PROXY: value, NO_PROXY: "!", PATH: "!" })
    for (const good of ["http://p:1", "p:3128", "socks5://u:p@p", "socks5h://p", " ", "http://[::1]:8"]) {
      assert.deepStrictEqual(faultsOf(good), [])
    }
    for (const bad of ["https://p:1", "ftp://p", "http://", "http://p:x"])
      assert.strictEqual(faultsOf(bad).length, 1, bad)
  })

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
