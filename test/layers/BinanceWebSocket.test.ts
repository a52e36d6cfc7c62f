import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Fiber, Layer, Queue, Result, Scope, Stream } from "effect"
import * as BinanceWebSocket from "../../src/layers/BinanceWebSocket.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import { parseStreamName } from "../../src/schema/StreamName.ts"
import { AppConfig } from "../../src/services/AppConfig.ts"
import { Health } from "../../src/services/Health.ts"
import { type Frame, MarketFeed } from "../../src/services/MarketFeed.ts"
import * as Exchange from "../support/exchange.ts"
import { testSettings } from "../support/settings.ts"

const text = (frame: Frame): string => new TextDecoder().decode(frame.bytes)
const data = (n: number): string => `{"stream":"btcusdt@trade","data":{"t":${n}}}`

interface Options {
  readonly streams?: ReadonlyArray<string>
  readonly silenceTimeout?: Duration.Duration
  readonly pingInterval?: Duration.Duration
  readonly connectionTimeout?: Duration.Duration
}

/** The feed against a server at `url`; its frames arrive in a queue. */
const start = Effect.fnUntraced(function* (url: URL, options: Options = {}) {
  const base = testSettings()
  const { streams = ["btcusdt@trade"], ...times } = options
  const settings = {
    ...base,
    binance: {
      ...base.binance,
      wsUrls: [url] as const,
      pingInterval: Duration.zero,
      reconnectMaxDelay: Duration.millis(20),
      connectionTimeout: Duration.seconds(5),
      silenceTimeout: Duration.seconds(60),
      ...times,
      streams: streams.map((name) => Result.getOrThrow(parseStreamName(name)))
    }
  }
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    BinanceWebSocket.layer.pipe(
      Layer.provideMerge(HealthState.layer),
      Layer.provide(Layer.succeed(AppConfig, settings))
    ),
    scope
  )
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const feed = Context.get(context, MarketFeed)
  const frames = yield* Queue.unbounded<string>()
  const reader = yield* feed.frames(settings.binance.streams).pipe(
    Stream.runForEach((frame) => Queue.offer(frames, text(frame))),
    Effect.forkScoped
  )
  return { feed, frames, reader, health: Context.get(context, Health), scope }
})

const connectionState = (health: Health["Service"]) =>
  Effect.map(health.report, ({ connections }) => connections["binance-1"])

describe("BinanceWebSocket", () => {
  it.live("asks for its streams by URL and hands on what arrives, bytes as they are", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const { frames, health } = yield* start(exchange.url, { streams: ["BTCUSDT@trade", "ethusdt@trade"] })
      const { path, socket } = yield* Queue.take(exchange.connections)
      assert.strictEqual(path, "/stream?streams=btcusdt@trade/ethusdt@trade")
      socket.send(data(1))
      socket.send(Buffer.from(data(2)), { binary: false })
      assert.deepStrictEqual([yield* Queue.take(frames), yield* Queue.take(frames)], [data(1), data(2)])
      assert.strictEqual((yield* connectionState(health))?.state, "up")
    })
  )

  it.live("keeps the socket open over broken UTF-8 and hands the frame on", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const { frames } = yield* start(exchange.url)
      const { socket } = yield* Queue.take(exchange.connections)
      socket.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false })
      socket.send(data(2))
      assert.include(yield* Queue.take(frames), "\ufffd")
      assert.strictEqual(yield* Queue.take(frames), data(2))
    })
  )

  it.live("answers a ping with its own payload", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      yield* start(exchange.url)
      const { pongs, socket } = yield* Queue.take(exchange.connections)
      socket.ping("1795402800123")
      assert.strictEqual(yield* Queue.take(pongs), "1795402800123")
    })
  )

  it.live("subscribes by frames to what the URL cannot hold", () =>
    Effect.gen(function* () {
      const streams = Array.from({ length: 300 }, (_, n) => `symbol${n}usdt@trade`)
      const exchange = yield* Exchange.make()
      yield* start(exchange.url, { streams })
      const { path, received } = yield* Queue.take(exchange.connections)
      const inUrl = path.slice(path.indexOf("=") + 1).split("/")
      const frame = (yield* Queue.take(received)) as { method: string; params: Array<string> }
      assert.strictEqual(frame.method, "SUBSCRIBE")
      assert.deepStrictEqual([...inUrl, ...frame.params], streams)
    })
  )

  for (const [name, end] of [
    ["a cut without a close frame", (socket: Exchange.Accepted["socket"]) => socket.terminate()],
    ["a close in the exchange's own words", (socket: Exchange.Accepted["socket"]) => socket.close(1001, "going away")],
    ["a close for too many requests", (socket: Exchange.Accepted["socket"]) => socket.close(1008, "Too many requests")],
    [
      "a notice that the server shuts down",
      (socket: Exchange.Accepted["socket"]) =>
        socket.send('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}')
    ]
  ] as const) {
    it.live(`connects again after ${name}`, () =>
      Effect.gen(function* () {
        const exchange = yield* Exchange.make()
        const { frames } = yield* start(exchange.url)
        const first = yield* Queue.take(exchange.connections)
        first.socket.send(data(1), () => end(first.socket))
        const second = yield* Queue.take(exchange.connections)
        second.socket.send(data(2))
        assert.deepStrictEqual([yield* Queue.take(frames), yield* Queue.take(frames)], [data(1), data(2)])
      })
    )
  }

  it.live("tries until somebody listens", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(Exchange.make())
      const { health } = yield* start(gone.url)
      yield* Effect.repeat(connectionState(health), { until: (status) => status?.state === "down" })
      assert.include((yield* connectionState(health))?.detail, "ECONNREFUSED")
      const exchange = yield* Exchange.make(undefined, Number(gone.url.port))
      yield* Queue.take(exchange.connections)
    })
  )

  it.live("says why it was refused, and tries again", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make((attempt) => (attempt <= 3 ? { status: 451 } : undefined))
      const { health } = yield* start(exchange.url)
      yield* Queue.takeBetween(exchange.attempts, 2, 2)
      const status = yield* connectionState(health)
      assert.include(status?.detail, "HTTP 451")
      assert.include(status?.detail, "data-stream.binance.vision")
      yield* Queue.take(exchange.connections)
    })
  )

  it.live("waits as long as a refusal asks", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make((attempt) =>
        attempt === 1 ? { status: 429, headers: { "Retry-After": "1" } } : undefined
      )
      yield* start(exchange.url)
      yield* Queue.take(exchange.attempts)
      const [waited] = yield* Effect.timed(Queue.take(exchange.attempts))
      assert.isTrue(Duration.isGreaterThan(waited, Duration.millis(900)))
    })
  )

  it.live("replaces a connection on which nothing arrives any more", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const { health } = yield* start(exchange.url, { silenceTimeout: Duration.seconds(1) })
      const first = yield* Queue.take(exchange.connections)
      first.socket.send(data(1))
      yield* Queue.take(exchange.connections)
      assert.isNotNull(yield* connectionState(health))
      yield* Queue.take(first.closed)
    })
  )

  it.live("replaces a connection that leaves a ping unanswered", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      yield* start(exchange.url, { pingInterval: Duration.millis(100) })
      const first = yield* Queue.take(exchange.connections)
      yield* Queue.take(first.pings)
      yield* Queue.take(exchange.connections)
    })
  )

  it.live("gives up on a server that never answers the upgrade", () =>
    Effect.gen(function* () {
      const { createServer } = yield* Effect.promise(() => import("node:net"))
      const attempts = yield* Queue.unbounded<number>()
      const server = createServer((socket) => {
        socket.on("error", () => {})
        Queue.offerUnsafe(attempts, 1)
      })
      const port = yield* Effect.acquireRelease(
        Effect.callback<number>((resume) => {
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as { port: number }).port)))
        }),
        () => Effect.sync(() => server.close())
      )
      const { health } = yield* start(new URL(`ws://127.0.0.1:${port}/stream`), {
        connectionTimeout: Duration.millis(100)
      })
      yield* Queue.takeBetween(attempts, 2, 2)
      assert.include((yield* connectionState(health))?.detail, "WS_CONNECTION_TIMEOUT")
    })
  )

  it.live("closes its sockets when it is closed, and still gives what it had read", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const { feed, frames, reader } = yield* start(exchange.url)
      const { closed, socket } = yield* Queue.take(exchange.connections)
      for (let n = 0; n < 100; n++) socket.send(data(n))
      yield* Queue.take(frames)
      yield* feed.close
      assert.strictEqual(yield* Queue.take(closed), 1000)
      yield* Fiber.join(reader)
    })
  )

  it.live("stops reading while nobody takes the frames, and loses none of them", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const base = testSettings()
      const context = yield* Layer.build(
        BinanceWebSocket.layer.pipe(
          Layer.provide(HealthState.layer),
          Layer.provide(
            Layer.succeed(AppConfig, {
              ...base,
              // Answers to pings stand behind what we do not read: that must not count against the other side.
              binance: { ...base.binance, wsUrls: [exchange.url], pingInterval: Duration.millis(200) }
            })
          )
        )
      )
      const feed = Context.get(context, MarketFeed)
      const gate = yield* Queue.unbounded<void>()
      const sent = 400
      const big = "x".repeat(100_000)
      const seen: Array<number> = []
      const reader = yield* feed.frames(base.binance.streams).pipe(
        Stream.rechunk(1),
        Stream.tap(() => (seen.length === 0 ? Queue.take(gate) : Effect.void)),
        Stream.take(sent),
        Stream.runForEach((frame) => Effect.sync(() => seen.push(Number(/"t":(\d+)/.exec(text(frame))?.[1])))),
        Effect.forkScoped
      )
      const { closed, socket } = yield* Queue.take(exchange.connections)
      socket.on("ping", (payload) => socket.pong(payload))
      for (let n = 0; n < sent; n++) socket.send(`{"stream":"btcusdt@trade","data":{"t":${n},"x":"${big}"}}`)
      // The kernel takes some megabytes; the rest stays with the server as long as we do not read.
      yield* Effect.repeat(
        Effect.sync(() => socket.bufferedAmount),
        { until: (bytes) => bytes > 0 && bytes < sent * big.length }
      )
      assert.isAbove(socket.bufferedAmount, 0)
      // Time for two pings and a verdict.
      yield* Effect.timeoutOption(Queue.take(closed), "500 millis")
      yield* Queue.offer(gate, undefined)
      yield* Fiber.join(reader)
      assert.deepStrictEqual(
        seen,
        Array.from({ length: sent }, (_, n) => n)
      )
    })
  )
})
