/** The feed against the simulator, over sockets: what it asks the exchange for, and how often. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Queue } from "effect"
import * as Exchange from "../support/exchange.ts"
import * as Feed from "../support/feed.ts"
import { streamNames } from "../support/settings.ts"

const trade = streamNames("btcusdt@trade")

describe("control frames", () => {
  const many = (count: number) =>
    streamNames("btcusdt@trade", ...Array.from({ length: count - 1 }, (_, n) => `averylongsymbol${n}usdt@trade`))

  it.live("keep to the exchange's limit, pongs and our own pings counted", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange({ streams: { pingEveryMillis: 1000 } })
      const streams = many(1024)
      const { feed, logged } = yield* Feed.start({ ...Feed.at(simulator), streams, pingInterval: Duration.seconds(1) })
      yield* Feed.lineOf(logged, "Data flows")
      const [connection] = simulator.streams.connections
      yield* Effect.repeat(
        Effect.sync(() => connection!.streams.size),
        { until: (size) => size === 1024 }
      )
      yield* feed.renew(streams)
      yield* Effect.repeat(
        Effect.sync(() => connection!.streams.size),
        { until: (size) => size < 1024 }
      )
      yield* Effect.repeat(
        Effect.andThen(
          Effect.sleep("10 millis"),
          Effect.sync(() => connection!.streams.size)
        ),
        { until: (size) => size === 1024 }
      )
      assert.deepStrictEqual(yield* Feed.warnings(logged), [])
      assert.strictEqual(simulator.streams.accepted, 1)
    })
  )

  it.live("that are refused for once make it connect again", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      simulator.setFaults({
        onSubscribe: (_, { id }) =>
          id === 1 ? { answer: '{"error":{"code":4,"msg":"Too many subscriptions"},"id":1}' } : undefined
      })
      const { logged } = yield* Feed.start({ ...Feed.at(simulator), streams: many(300) })
      const { annotations } = yield* Feed.lineOf(logged, "Disconnected")
      assert.strictEqual(annotations["kind"], "rejected")
      assert.include(annotations["reason"], "Too many subscriptions")
      yield* Feed.lineOf(logged, "Data flows")
      assert.strictEqual(simulator.streams.accepted, 2)
    })
  )

  it.live("that would always be refused cost the streams that they name, not the connection", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      const refused: Array<string> = []
      simulator.setFaults({
        onSubscribe: (names) => {
          refused.push(...names)
          return { answer: '{"code":2,"msg":"Invalid request: no such thing"}' }
        }
      })
      const { delivered, logged } = yield* Feed.start({ ...Feed.at(simulator), streams: many(200) })
      const { annotations, level } = yield* Feed.lineOf(logged, "does not accept")
      assert.strictEqual(level, "Error")
      assert.strictEqual(annotations["streams"], refused.length)
      assert.include(annotations["names"], refused.slice(0, 5).join(", "))
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      // Said once, also when the next connection meets the same.
      const count = refused.length
      simulator.cutAll("terminate")
      yield* Effect.repeat(
        Effect.sync(() => refused.length),
        { until: (now) => now === 2 * count }
      )
      yield* Queue.clear(delivered)
      yield* Queue.takeN(delivered, 50)
      assert.deepStrictEqual(
        (yield* Feed.warnings(logged)).filter((line) => line.level === "Error"),
        []
      )
      assert.strictEqual(simulator.streams.accepted, 2)
    })
  )

  it.live("that stay unanswered make it connect again", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      simulator.setFaults({ onSubscribe: (_, { id }) => (id === 1 ? "ignore" : undefined) })
      const { logged } = yield* Feed.start({ ...Feed.at(simulator), streams: many(300) })
      const { annotations } = yield* Feed.lineOf(logged, "Disconnected")
      assert.strictEqual(annotations["kind"], "unacknowledged")
      yield* Feed.lineOf(logged, "Data flows")
    })
  )

  it.live("that are acknowledged in vain do not hide that no data ever comes", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange({ rate: 0, faults: { onSubscribe: () => "acknowledge only" } })
      const { logged } = yield* Feed.start({
        ...Feed.at(simulator),
        streams: many(300),
        silenceTimeout: Duration.seconds(2)
      })
      yield* Feed.lineOf(logged, "Connected")
      const [elapsed, { annotations }] = yield* Effect.timed(Feed.lineOf(logged, "Disconnected"))
      assert.strictEqual(annotations["kind"], "silent")
      // Looks are at whole seconds: what is left of the first one counts as what it is.
      assert.isAtLeast(Duration.toMillis(elapsed), 1950)
      yield* Feed.lineOf(logged, "Connected")
    })
  )
})

describe("attempts", () => {
  it.live("are spaced, however many connections fail however fast", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make(() => ({ status: 503 }))
      yield* Feed.start({
        wsUrls: [exchange.url],
        reconnectMaxDelay: Duration.millis(1),
        streams: streamNames(...Array.from({ length: 4000 }, (_, n) => `s${n}usdt@trade`))
      })
      const [elapsed] = yield* Effect.timed(Queue.takeN(exchange.attempts, 11))
      assert.isAtLeast(Duration.toMillis(elapsed), 950)
    })
  )

  it.live("call for a person where nobody is let in", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make(() => ({ status: 403 }))
      const { health, logged } = yield* Feed.start({
        wsUrls: [exchange.url],
        reconnectMaxDelay: Duration.minutes(5),
        streams: trade
      })
      const { annotations, level } = yield* Feed.lineOf(logged, "a person has to look at it")
      assert.deepStrictEqual([level, annotations["wait"]], ["Error", "30s"])
      assert.include((yield* health.report).connections["binance-1"]?.detail, "HTTP 403")
    })
  )

  it.live("are made elsewhere at once where one address has asked for a rest", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      const exchange = yield* Exchange.make(() => ({ status: 429, headers: { "Retry-After": "3600" } }))
      const { delivered } = yield* Feed.start({
        wsUrls: [exchange.url, new URL(simulator.wsUrl)],
        reconnectMaxDelay: Duration.millis(50),
        streams: trade
      })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      assert.strictEqual(yield* Queue.size(exchange.attempts), 1)
    })
  )
})
