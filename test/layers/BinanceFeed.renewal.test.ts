/** The feed against the simulator, over sockets: what is mute is asked for anew. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import * as Feed from "../support/feed.ts"
import { streamNames } from "../support/settings.ts"

describe("renewal", () => {
  const streams = streamNames("btcusdt@trade", "ethusdt@trade")
  const mute = streamNames("btcusdt@trade")

  it.live("subscribes anew to what seems mute, on the same connection", () =>
    Effect.gen(function* () {
      const simulator = yield* Feed.exchange()
      const { delivered, feed } = yield* Feed.start({ ...Feed.at(simulator), streams })
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
      const simulator = yield* Feed.exchange()
      const { delivered, feed, logged } = yield* Feed.start({ ...Feed.at(simulator), streams })
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
      const simulator = yield* Feed.exchange()
      const { delivered, feed, logged } = yield* Feed.start({ ...Feed.at(simulator), streams })
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
      const simulator = yield* Feed.exchange()
      const { delivered, feed, notices } = yield* Feed.start({ ...Feed.at(simulator), streams: mute })
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
