/** The feed against the simulator, over sockets: nothing is missing whatever happens to its connections. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Latch, Option, Queue } from "effect"
import * as Feed from "../support/feed.ts"
import { streamNames } from "../support/settings.ts"

const rollingOver = (millis: number) => ({ rollover: { after: Duration.millis(millis), window: Option.none() } })

/** Every trade from the first that arrived to the last, whatever came twice or out of turn. */
const assertComplete = (all: ReadonlyArray<Feed.Delivered>) => {
  const ids = new Set(all.filter(({ stream }) => stream === "btcusdt@trade").map(({ data }) => Number(data["t"])))
  const sorted = [...ids].toSorted((a, b) => a - b)
  assert.isAbove(sorted.length, 1)
  assert.strictEqual(sorted.at(-1)! - sorted[0]! + 1, sorted.length, "no id is missing")
}

const trade = streamNames("btcusdt@trade")

describe("rollover", () => {
  it.live("replaces connections before the exchange cuts them, again and again, and misses nothing", () =>
    Effect.gen(function* () {
      const atOnce: Array<number> = []
      const simulator = yield* Feed.exchange({
        streams: { lifeMillis: 10_000 },
        faults: {
          onUpgrade: () => {
            atOnce.push(simulator.streams.connections.size)
            return undefined
          }
        }
      })
      const { all, health, logged, notices } = yield* Feed.start({
        ...Feed.at(simulator),
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
      assert.deepStrictEqual(yield* Feed.warnings(logged), [])
      assert.strictEqual((yield* health.report).connections["binance-1"]?.state, "up")
    })
  )

  it.live("follows the exchange's notice at once, and keeps the old connection as long as no new one opens", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      const { all, delivered, logged, notices } = yield* Feed.start({ ...Feed.at(simulator), streams: trade })
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
      assert.deepStrictEqual(yield* Feed.warnings(logged), [])
      assert.strictEqual(simulator.streams.connections.size, 1)
    })
  )

  it.live("takes it for no incident that the old connection dies while both are open", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      const { all, delivered, logged, notices } = yield* Feed.start({ ...Feed.at(simulator), streams: trade })
      yield* Feed.dataOf(delivered, "btcusdt@trade")
      yield* Feed.lineOf(logged, "Data flows")
      simulator.shutdownNotice()
      yield* Feed.lineOf(logged, "Data flows")
      const [old] = simulator.streams.connections
      old!.cut("terminate")
      yield* Queue.take(notices)
      assertComplete(all)
      assert.deepStrictEqual(yield* Feed.warnings(logged), [])
    })
  )

  it.live("keeps the old connection while nobody reads: it still holds what the new one never got", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange({ symbols: ["BTCUSDT"], rate: 12_000 })
      const gate = yield* Latch.make(true)
      const { all, delivered, logged, notices } = yield* Feed.start(
        { ...Feed.at(simulator), streams: trade },
        gate.await
      )
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
      const simulator = yield* Feed.exchange()
      const { delivered, feed, noticesEnd } = yield* Feed.start({ ...Feed.at(simulator), streams: trade })
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
      const one = yield* Feed.exchange()
      const other = yield* Feed.exchange()
      const { delivered, health, logged } = yield* Feed.start({ ...Feed.at(one, other), lines: 2, streams: trade })
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
      const one = yield* Feed.exchange()
      const other = yield* Feed.exchange()
      const { logged } = yield* Feed.start({ ...Feed.at(one, other), lines: 2, streams: trade })
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
      const simulator = yield* Feed.exchange({
        faults: {
          onUpgrade: () => {
            open.push(simulator.streams.connections.size)
            return undefined
          }
        }
      })
      const { all, notices } = yield* Feed.start({
        ...Feed.at(simulator),
        lines: 2,
        streams: trade,
        ...rollingOver(6000)
      })
      const seen = yield* Queue.takeN(notices, 3)
      assert.sameMembers([...new Set(seen.map(({ connection }) => connection))], ["binance-1a", "binance-1b"])
      assert.isAtMost(Math.max(...open), 3)
      const spans = seen.toSorted((a, b) => a.from - b.from)
      for (let n = 1; n < spans.length; n++) assert.isAtLeast(spans[n]!.from, spans[n - 1]!.to)
      assertComplete(all)
    })
  )
})
