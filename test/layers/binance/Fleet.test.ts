import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, FiberSet, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as Fleet from "../../../src/layers/binance/Fleet.ts"
import * as Gate from "../../../src/layers/binance/Gate.ts"
import * as Inbox from "../../../src/layers/binance/Inbox.ts"
import * as HealthState from "../../../src/layers/HealthState.ts"
import { Health } from "../../../src/services/Health.ts"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { streamNames, testSettings } from "../../support/settings.ts"

describe("Fleet", () => {
  it.live("does not ask anew for what the pipeline does not read: it is not mute", () =>
    Effect.gen(function* () {
      const subscribed = yield* Queue.unbounded<string>()
      const simulator = yield* Simulator.make({
        symbols: ["BTCUSDT", "ETHUSDT"],
        faults: { onSubscribe: (names) => void Queue.offerUnsafe(subscribed, names.join()) }
      })
      const arrived = yield* Deferred.make<void>()
      let isPaused = false
      const inbox = {
        ...(yield* Inbox.make(Duration.zero)),
        offer: () => void Deferred.doneUnsafe(arrived, Effect.void),
        isPaused: () => isPaused
      }
      const { binance } = testSettings()
      const fibers = yield* FiberSet.make<never, never>()
      const fleet = yield* Fleet.make(
        { ...binance, wsUrls: [new URL(simulator.wsUrl)] },
        {
          inbox,
          gate: yield* Gate.make(binance.reconnectMaxDelay),
          health: yield* Health,
          notify: () => Effect.void,
          start: (keeper) => FiberSet.run(fibers, keeper.run)
        }
      )
      yield* fleet.start(streamNames("btcusdt@trade", "ethusdt@trade"))
      yield* Deferred.await(arrived)
      yield* Effect.repeat(yield* healthy, { until: (state) => state === "up" })
      isPaused = true
      yield* fleet.renew(streamNames("btcusdt@trade"))
      isPaused = false
      yield* fleet.renew(streamNames("ethusdt@trade"))
      assert.strictEqual(yield* Queue.take(subscribed), "ethusdt@trade")

      // Nothing has come for so long.
      const clock = yield* TestClock.make()
      yield* clock.setTime((yield* Clock.currentTimeMillis) + 15_000)
      const later = yield* fleet
        .renew(streamNames("btcusdt@trade", "bnbusdt@trade"))
        .pipe(Effect.provideService(Clock.Clock, clock))
      assert.deepStrictEqual(later, { alone: [], silent: streamNames("btcusdt@trade") })
    }).pipe(Effect.provide(HealthState.layer))
  )
})

const healthy = Effect.map(Health, (health) =>
  Effect.map(health.report, ({ connections }) => connections["binance-1"]?.state)
)
