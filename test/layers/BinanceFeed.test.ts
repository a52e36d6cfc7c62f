/** The feed against the simulator, over sockets: nothing is missing whatever happens to its connections. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Latch, Option, Queue } from "effect"
import * as Simulator from "../../src/simulator/Simulator.ts"
import * as Exchange from "../support/exchange.ts"
import * as Feed from "../support/feed.ts"
import { streamNames } from "../support/settings.ts"

const make = (options: Partial<Simulator.SimulatorOptions> = {}) =>
  Simulator.make({ symbols: ["BTCUSDT", "ETHUSDT"], rate: 300, ...options })

const at = (...simulators: ReadonlyArray<Simulator.Simulator>) => {
  const [first, ...others] = simulators.map(({ wsUrl }) => new URL(wsUrl))
  return { wsUrls: [first!, ...others], reconnectMaxDelay: Duration.millis(50) } as const
}

const rollingOver = (millis: number) => ({ rollover: { after: Duration.millis(millis), window: Option.none() } })

/** Every trade from the first that arrived to the last, whatever came twice or out of turn. */
const assertComplete = (all: ReadonlyArray<Feed.Delivered>) => {
  const ids = new Set(all.filter(({ stream }) => stream === "btcusdt@trade").map(({ data }) => Number(data["t"])))
  const sorted = [...ids].toSorted((a, b) => a - b)
  assert.isAbove(sorted.length, 1)
  assert.strictEqual(sorted.at(-1)! - sorted[0]! + 1, sorted.length, "no id is missing")
}

const warnings = Effect.fnUntraced(function* (logged: Feed.Logged) {
  return (yield* Queue.clear(logged)).filter(({ level }) => level !== "Info")
})

const trade = streamNames("btcusdt@trade")

describe("rollover", () => {
  it.live("replaces connections before the exchange cuts them, again and again, and misses nothing", () =>
    Effect.gen(function* () {
      const atOnce: Array<number> = []
      const simulator = yield* make({
        streams: { lifeMillis: 10_000 },
        faults: {
          onUpgrade: () => {
            atOnce.push(simulator.streams.connections.size)
            return undefined
          }
        }
      })
      const { all, health, logged, notices } = yield* Feed.start({
        ...at(simulator),
        streams: trade,
        ...rollingOver(1500)
      })
      const seen = yield* Queue.takeN(notices, 3)
      for (const notice of seen) {
        assert.deepStrictEqual(
          [notice.type, notice.connection, notice.reason, notice.streams],
          ["rollover", "binance-1", "age", trade]
        )
        assert.isAtLeast(notice.to - notice.from, 2000, "both were open for two seconds")
        assert.isAtMost(notice.to - notice.from, 10_000)
      }
      assertComplete(all)
      assert.deepStrictEqual(atOnce.slice(0, 4), [0, 1, 1, 1], "never more than two")
      assert.deepStrictEqual(yield* warnings(logged), [])
      assert.strictEqual((yield* health.report).connections["binance-1"]?.state, "up")
    })
  )

  it.live("follows the exchange's notice at once, and keeps the old connection as long as no new one opens", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { all, delivered, logged, notices } = yield* Feed.start({ ...at(simulator), streams: trade })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      const refused = yield* Queue.unbounded<string>()
      simulator.setFaults({
        onUpgrade: ({ url }) => {
          Queue.offerUnsafe(refused, url)
          return { refuse: { status: 503 } }
        }
      })
      simulator.shutdownNotice()
      yield* Queue.takeN(refused, 3)
      assert.strictEqual(simulator.streams.connections.size, 1, "the old one stays")
      simulator.setFaults({})
      const { reason } = yield* Queue.take(notices)
      assert.strictEqual(reason, "shutdown-notice")
      assertComplete(all)
      assert.deepStrictEqual(yield* warnings(logged), [])
      assert.strictEqual(simulator.streams.connections.size, 1)
    })
  )

  it.live("takes it for no incident that the old connection dies while both are open", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { all, delivered, logged, notices } = yield* Feed.start({ ...at(simulator), streams: trade })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      yield* Feed.lineOf(logged, "Data flows")
      simulator.shutdownNotice()
      yield* Feed.lineOf(logged, "Data flows")
      const [old] = simulator.streams.connections
      old!.cut("terminate")
      yield* Queue.take(notices)
      assertComplete(all)
      assert.deepStrictEqual(yield* warnings(logged), [])
    })
  )

  it.live("keeps the old connection while nobody reads: it still holds what the new one never got", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ symbols: ["BTCUSDT"], rate: 12_000 })
      const gate = yield* Latch.make(true)
      const { all, delivered, logged, notices } = yield* Feed.start({ ...at(simulator), streams: trade }, gate.await)
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      yield* gate.close
      // What we and the kernel hold is full: the rest waits on the exchange's side.
      const [old] = simulator.streams.connections
      yield* Effect.repeat(
        Effect.sync(() => old!.queuedBytes),
        { until: (bytes) => bytes > 1_000_000 }
      )
      yield* Queue.clear(logged)
      simulator.shutdownNotice()
      // The notice waits behind the data, so that the replacement begins when it is read.
      yield* gate.open
      yield* Effect.repeat(
        Effect.sync(() => simulator.streams.connections.size),
        { until: (size) => size === 2 }
      )
      yield* gate.close
      yield* Feed.lineOf(logged, "Connected")
      yield* Effect.repeat(
        Effect.sync(() => old!.queuedBytes),
        { until: (bytes) => bytes > 1_000_000 }
      )
      // Time for a verdict.
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(Queue.take(notices), "6 seconds")))
      assert.strictEqual(simulator.streams.connections.size, 2)
      yield* gate.open
      yield* Queue.take(notices)
      assertComplete(all)
    })
  )

  it.live("ends its notices when it is closed", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { delivered, feed, noticesEnd } = yield* Feed.start({ ...at(simulator), streams: trade })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      yield* feed.close
      yield* Fiber.join(noticesEnd)
      yield* Effect.repeat(
        Effect.sync(() => simulator.streams.connections.size),
        { until: (size) => size === 0 }
      )
    })
  )
})

describe("two lines", () => {
  it.live("carry every stream twice, each over an address of its own, so that one may break unnoticed", () =>
    Effect.gen(function* () {
      const one = yield* make()
      const other = yield* make()
      const { delivered, health, logged } = yield* Feed.start({ ...at(one, other), lines: 2, streams: trade })
      const first = yield* Effect.all([Feed.lineOf(logged, "Data flows"), Feed.lineOf(logged, "Data flows")])
      assert.sameMembers(
        first.map(({ annotations }) => annotations["connection"]),
        ["binance-1a", "binance-1b"]
      )
      assert.deepStrictEqual([one.streams.connections.size, other.streams.connections.size], [1, 1])
      one.cutAll("terminate")
      const line = yield* Feed.lineOf(logged, "Disconnected")
      assert.deepStrictEqual([line.level, line.annotations["connection"]], ["Info", "binance-1a"])
      yield* health.sink({ state: "up", detail: "storing" })
      assert.isTrue((yield* health.report).ready)
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      // With both gone it is an incident.
      one.setFaults({ onUpgrade: () => "hang" })
      other.setFaults({ onUpgrade: () => "hang" })
      one.cutAll("terminate")
      other.cutAll("terminate")
      yield* Effect.repeat(Queue.take(logged), { until: ({ level }) => level === "Warn" })
    })
  )

  it.live("go to the next address when their own fails", () =>
    Effect.gen(function* () {
      const one = yield* make()
      const other = yield* make()
      const { logged } = yield* Feed.start({ ...at(one, other), lines: 2, streams: trade })
      yield* Effect.all([Feed.lineOf(logged, "Data flows"), Feed.lineOf(logged, "Data flows")])
      one.setFaults({ onUpgrade: () => ({ refuse: { status: 503 } }) })
      one.cutAll("terminate")
      yield* Effect.repeat(
        Effect.sync(() => other.streams.connections.size),
        { until: (size) => size === 2 }
      )
      yield* Feed.lineOf(logged, "Data flows")
    })
  )

  it.live("are never replaced both at once", () =>
    Effect.gen(function* () {
      const open: Array<number> = []
      const simulator = yield* make({
        faults: {
          onUpgrade: () => {
            open.push(simulator.streams.connections.size)
            return undefined
          }
        }
      })
      const { all, notices } = yield* Feed.start({ ...at(simulator), lines: 2, streams: trade, ...rollingOver(6000) })
      const seen = yield* Queue.takeN(notices, 3)
      assert.sameMembers([...new Set(seen.map(({ connection }) => connection))], ["binance-1a", "binance-1b"])
      assert.isAtMost(Math.max(...open), 3)
      const spans = seen.toSorted((a, b) => a.from - b.from)
      for (let n = 1; n < spans.length; n++) assert.isAtLeast(spans[n]!.from, spans[n - 1]!.to)
      assertComplete(all)
    })
  )
})

describe("renewal", () => {
  const streams = streamNames("btcusdt@trade", "ethusdt@trade")
  const mute = streamNames("btcusdt@trade")

  it.live("subscribes anew to what seems mute, on the same connection", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { delivered, feed } = yield* Feed.start({ ...at(simulator), streams })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      simulator.deafen("btcusdt@trade", "subscribe anew")
      yield* Queue.clear(delivered)
      assert.deepStrictEqual(yield* feed.renew(mute), { alone: mute, silent: [] })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      assert.strictEqual(simulator.streams.accepted, 1)
    })
  )

  it.live("moves what stays mute to a connection of its own, for good", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { delivered, feed, logged } = yield* Feed.start({ ...at(simulator), streams })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      simulator.deafen("btcusdt@trade", "connect anew")
      // Behind what was on its way before.
      for (let n = 0; n < 2; n++) {
        yield* Queue.clear(delivered)
        yield* Feed.dataOf(delivered, "ethusdt@trade")
      }
      yield* Queue.clear(delivered)
      const [only] = simulator.streams.connections
      yield* feed.renew(mute)
      for (const size of [1, 2]) {
        yield* Effect.repeat(
          Effect.sync(() => only!.streams.size),
          { until: (now) => now === size }
        )
      }
      assert.isUndefined((yield* Queue.clear(delivered)).findLast(({ stream }) => stream === "btcusdt@trade"))
      yield* feed.renew(mute)
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      const carried = () => [...simulator.streams.connections].map(({ streams }) => [...streams].toSorted().join("+"))
      assert.sameMembers(carried(), ["btcusdt@trade+ethusdt@trade", "btcusdt@trade"])
      // When its old connection connects again, it does so without it.
      const [first] = simulator.streams.connections
      yield* Queue.clear(logged)
      first!.cut("terminate")
      yield* Feed.lineOf(logged, "Data flows")
      assert.sameMembers(carried(), ["ethusdt@trade", "btcusdt@trade"])
      // And once more: its own connection is replaced by a fresh one.
      simulator.deafen("btcusdt@trade", "connect anew")
      yield* Queue.clear(delivered)
      yield* feed.renew(mute)
      yield* Feed.dataOf(delivered, "btcusdt@trade")
    })
  )

  it.live("leaves alone a connection that is away: it asks for everything anew by itself", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { delivered, feed, logged } = yield* Feed.start({ ...at(simulator), streams })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      simulator.setFaults({ onUpgrade: () => ({ refuse: { status: 503 } }) })
      simulator.cutAll("terminate")
      yield* Feed.lineOf(logged, "Disconnected")
      for (let n = 0; n < 2; n++) assert.deepStrictEqual(yield* feed.renew(mute), { alone: [], silent: [] })
      simulator.setFaults({})
      yield* Feed.lineOf(logged, "Data flows")
      const [only, ...others] = simulator.streams.connections
      assert.strictEqual(only?.streams.size, 2)
      assert.isEmpty(others)
    })
  )

  it.live("replaces the only connection by a fresh one where there is nothing to leave behind", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const { delivered, feed, notices } = yield* Feed.start({ ...at(simulator), streams: mute })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      simulator.deafen("btcusdt@trade", "connect anew")
      yield* feed.renew(mute)
      yield* feed.renew(mute)
      assert.strictEqual((yield* Queue.take(notices)).reason, "renewal")
      yield* Queue.clear(delivered)
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      assert.strictEqual(simulator.streams.connections.size, 1)
    })
  )
})

describe("control frames", () => {
  const many = (count: number) =>
    streamNames("btcusdt@trade", ...Array.from({ length: count - 1 }, (_, n) => `averylongsymbol${n}usdt@trade`))

  it.live("keep to the exchange's limit, pongs and our own pings counted", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ streams: { pingEveryMillis: 1000 } })
      const streams = many(1024)
      const { feed, logged } = yield* Feed.start({ ...at(simulator), streams, pingInterval: Duration.seconds(1) })
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
      assert.deepStrictEqual(yield* warnings(logged), [])
      assert.strictEqual(simulator.streams.accepted, 1)
    })
  )

  it.live("that are refused for once make it connect again", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      simulator.setFaults({
        onSubscribe: (_, { id }) =>
          id === 1 ? { answer: '{"error":{"code":4,"msg":"Too many subscriptions"},"id":1}' } : undefined
      })
      const { logged } = yield* Feed.start({ ...at(simulator), streams: many(300) })
      const { annotations } = yield* Feed.lineOf(logged, "Disconnected")
      assert.strictEqual(annotations["kind"], "rejected")
      assert.include(annotations["reason"], "Too many subscriptions")
      yield* Feed.lineOf(logged, "Data flows")
      assert.strictEqual(simulator.streams.accepted, 2)
    })
  )

  it.live("that would always be refused cost the streams that they name, not the connection", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const refused: Array<string> = []
      simulator.setFaults({
        onSubscribe: (names) => {
          refused.push(...names)
          return { answer: '{"code":2,"msg":"Invalid request: no such thing"}' }
        }
      })
      const { delivered, logged } = yield* Feed.start({ ...at(simulator), streams: many(200) })
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
        (yield* warnings(logged)).filter((line) => line.level === "Error"),
        []
      )
      assert.strictEqual(simulator.streams.accepted, 2)
    })
  )

  it.live("that stay unanswered make it connect again", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      simulator.setFaults({ onSubscribe: (_, { id }) => (id === 1 ? "ignore" : undefined) })
      const { logged } = yield* Feed.start({ ...at(simulator), streams: many(300) })
      const { annotations } = yield* Feed.lineOf(logged, "Disconnected")
      assert.strictEqual(annotations["kind"], "unacknowledged")
      yield* Feed.lineOf(logged, "Data flows")
    })
  )

  it.live("that are acknowledged in vain do not hide that no data ever comes", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0, faults: { onSubscribe: () => "acknowledge only" } })
      const { logged } = yield* Feed.start({
        ...at(simulator),
        streams: many(300),
        silenceTimeout: Duration.seconds(2)
      })
      const { annotations } = yield* Feed.lineOf(logged, "Disconnected")
      assert.strictEqual(annotations["kind"], "silent")
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
      const simulator = yield* make()
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
