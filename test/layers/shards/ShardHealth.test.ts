import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import * as HealthState from "../../../src/layers/HealthState.ts"
import * as ShardHealth from "../../../src/layers/shards/ShardHealth.ts"
import * as ShardStatus from "../../../src/layers/shards/ShardStatus.ts"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import { Health } from "../../../src/services/Health.ts"
import { Status } from "../../../src/services/Status.ts"

const layer = Layer.provideMerge(HealthState.layer, StatusBoard.layer)
const up = { state: "up", detail: "well" } as const
const standby = { state: "up", detail: "0 shards", shards: [], hasStreams: false } as const

const setUp = Effect.gen(function* () {
  const { group, report } = yield* Health
  const shards = yield* ShardHealth.make
  const run = Effect.fnUntraced(function* (shard: number) {
    const scope = yield* Scope.make()
    const health = yield* Scope.provide(shards.of(shard), scope)
    return { health, end: Scope.close(scope, Exit.void) }
  })
  return { group, report, run }
})

describe("the health of a process in a group", () => {
  it.effect("is that of a standby as long as it has no shards, and none before it has joined", () =>
    Effect.gen(function* () {
      const { group, report } = yield* setUp
      yield* group({ ...standby, state: "starting" })
      assert.isFalse((yield* report).ready)
      yield* group(standby)
      assert.isTrue((yield* report).ready)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is that of the shard that is worst", () =>
    Effect.gen(function* () {
      const { group, report, run } = yield* setUp
      yield* group({ ...standby, shards: [3, 5], hasStreams: true })
      const [three, five] = [yield* run(3), yield* run(5)]
      assert.deepInclude((yield* report).sink, { state: "starting" })
      for (const { health } of [three, five]) {
        yield* health.sink(up)
        yield* health.resume(up)
        yield* health.connection("binance-1", up)
      }
      assert.isTrue((yield* report).ready)
      yield* five.health.sink({ state: "down", detail: "no answer" })
      assert.deepStrictEqual((yield* report).sink, { state: "down", detail: "shard 5: no answer" })
      assert.isFalse((yield* report).ready)
      yield* five.end
      assert.isTrue((yield* report).ready)
    }).pipe(Effect.provide(layer))
  )

  it.effect("forgets what a shard has said when it ends", () =>
    Effect.gen(function* () {
      const { report, run } = yield* setUp
      const { end, health } = yield* run(3)
      yield* health.connection("binance-1", up)
      yield* health.trouble("btcusdt@trade", "a gap is open")
      const before = yield* report
      assert.hasAllKeys(before.connections, ["shard-3/binance-1"])
      assert.hasAllKeys(before.degraded, ["btcusdt@trade"])
      yield* end
      const after = yield* report
      assert.deepStrictEqual([after.connections, after.degraded], [{}, {}])
    }).pipe(Effect.provide(layer))
  )
})

describe("the figures of shards", () => {
  it.effect("add up, and what waits in one that ends does no longer", () =>
    Effect.gen(function* () {
      const { kafka } = yield* Status
      const scope = yield* Scope.make()
      const one = yield* Scope.provide(ShardStatus.make(1), scope)
      const two = yield* ShardStatus.make(2)
      one.kafka.waitingRecords = 10
      two.kafka.waitingRecords = 5
      one.kafka.inFlight++
      one.kafka.failures++
      one.kafka.waitingRecords = 7
      assert.deepInclude({ ...kafka }, { waitingRecords: 12, inFlight: 1, failures: 1 })
      yield* Scope.close(scope, Exit.void)
      assert.deepInclude({ ...kafka }, { waitingRecords: 5, inFlight: 0, failures: 1 })
    }).pipe(Effect.provide(StatusBoard.layer))
  )
})
