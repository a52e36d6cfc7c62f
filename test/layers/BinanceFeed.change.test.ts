import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Simulator from "../../src/simulator/Simulator.ts"
import type { StreamName } from "../../src/schema/StreamName.ts"
import { dataOf, type Delivered, lineOf, start } from "../support/feed.ts"
import { streamNames } from "../support/settings.ts"

const idsOf = (all: ReadonlyArray<Delivered>, stream: string): ReadonlyArray<number> =>
  all.filter((one) => one.stream === stream).map(({ data }) => Number(data["t"]))

/** Each one more than the last. */
const assertConsecutive = (ids: ReadonlyArray<number>): void => {
  assert.isNotEmpty(ids)
  assert.deepStrictEqual(
    ids,
    ids.map((_, index) => (ids[0] ?? 0) + index)
  )
}

/** Symbols that the exchange does not have: it acknowledges their streams and stays silent. */
const silent = (count: number, prefix = "no"): ReadonlyArray<StreamName> =>
  streamNames(...Array.from({ length: count }, (_, n) => `${prefix}${n}usdt@trade`))

const until = <A, E, R>(what: Effect.Effect<A, E, R>, isSo: (value: A) => boolean) =>
  Effect.repeat(what, { until: isSo, schedule: Schedule.spaced("10 millis") })

describe("the feed whose streams change", () => {
  for (const lines of [1, 2] as const) {
    it.live(`carries what comes, not what goes, and the rest untouched, on ${lines} lines`, () =>
      Effect.gen(function* () {
        const frames: Array<string> = []
        const simulator = yield* Simulator.make({
          symbols: ["BTCUSDT", "ETHUSDT", "BNBUSDT"],
          rate: 600,
          faults: { onSubscribe: (names) => void frames.push(names.join()) }
        })
        const [btc, eth, bnb] = streamNames("btcusdt@trade", "ethusdt@trade", "bnbusdt@trade")
        assert.isTrue(btc !== undefined && eth !== undefined && bnb !== undefined)
        if (btc === undefined || eth === undefined || bnb === undefined) return
        const { all, delivered, feed, health } = yield* start({
          lines,
          wsUrls: [new URL(simulator.wsUrl)],
          streams: [btc, eth]
        })
        yield* until(health.report, ({ connections }) => {
          const states = Object.values(connections).map(({ state }) => state)
          return states.length === lines && states.every((state) => state === "up")
        })
        yield* dataOf(delivered, "ethusdt@trade")
        yield* feed.change({ added: [bnb], removed: [eth] })
        const gone = idsOf(all, "ethusdt@trade").length
        yield* dataOf(delivered, "bnbusdt@trade")
        const flowing = idsOf(all, "btcusdt@trade").length
        yield* until(
          Effect.sync(() => idsOf(all, "btcusdt@trade").length),
          (count) => count > flowing + 50
        )
        assert.strictEqual(idsOf(all, "ethusdt@trade").length, gone)
        const distinct = (stream: string) => [...new Set(idsOf(all, stream))].toSorted((a, b) => a - b)
        for (const stream of ["btcusdt@trade", "ethusdt@trade", "bnbusdt@trade"]) assertConsecutive(distinct(stream))
        assert.strictEqual(simulator.streams.accepted, lines)
        assert.deepStrictEqual(
          frames,
          Array.from({ length: lines }, () => "bnbusdt@trade")
        )
        for (const { streams } of simulator.streams.connections) {
          assert.sameMembers([...streams], ["btcusdt@trade", "bnbusdt@trade"])
        }
        const { connections } = yield* health.report
        assert.deepStrictEqual(
          Object.values(connections).map(({ detail }) => detail),
          Array.from({ length: lines }, () => "2 streams")
        )
      })
    )
  }

  it.live("takes another connection where there is no room, and closes one that is left with nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ symbols: ["BTCUSDT"], rate: 300 })
      const [btc] = streamNames("btcusdt@trade")
      if (btc === undefined) return assert.fail()
      const many = silent(1020)
      const { all, delivered, feed, health, logged } = yield* start({
        wsUrls: [new URL(simulator.wsUrl)],
        streams: [btc, ...many]
      })
      yield* lineOf(logged, "Data flows")
      const more = silent(10, "more")
      yield* feed.change({ added: more, removed: [] })
      yield* until(
        Effect.sync(() => simulator.streams.connections.size),
        (size) => size === 2
      )
      const carried = () => Array.from(simulator.streams.connections, ({ streams }) => streams.size)
      yield* until(Effect.sync(carried), (sizes) => sizes.includes(1024) && sizes.includes(7))
      yield* feed.change({ added: [], removed: more })
      yield* until(
        Effect.sync(() => simulator.streams.connections.size),
        (size) => size === 1
      )
      assert.deepStrictEqual(Object.keys((yield* health.report).connections), ["binance-1"])
      yield* dataOf(delivered, "btcusdt@trade")
      assertConsecutive(idsOf(all, "btcusdt@trade"))
    })
  )

  it.live("asks for the right ones on a socket that was being opened", () =>
    Effect.gen(function* () {
      let isHanging = true
      const simulator = yield* Simulator.make({
        symbols: ["BTCUSDT", "ETHUSDT"],
        rate: 300,
        faults: { onUpgrade: () => (isHanging ? { refuse: { status: 503 } } : undefined) }
      })
      const [btc] = streamNames("btcusdt@trade")
      const [eth] = streamNames("ethusdt@trade")
      if (btc === undefined || eth === undefined) return assert.fail()
      const { all, delivered, feed, logged } = yield* start({ wsUrls: [new URL(simulator.wsUrl)], streams: [btc] })
      yield* lineOf(logged, "Disconnected")
      yield* feed.change({ added: [eth], removed: [btc] })
      isHanging = false
      yield* dataOf(delivered, "ethusdt@trade")
      assert.isEmpty(idsOf(all, "btcusdt@trade"))
      assert.deepStrictEqual(
        Array.from(simulator.streams.connections, ({ streams }) => [...streams]),
        [["ethusdt@trade"]]
      )
    })
  )
})
