import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as HealthState from "../../src/layers/HealthState.ts"
import { type ComponentStatus, Health } from "../../src/services/Health.ts"

const up: ComponentStatus = { state: "up", detail: "storing" }
const down: ComponentStatus = { state: "down", detail: "no broker answers" }

const withHealth = <A, E>(use: (health: Health["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(Health, use).pipe(Effect.provide(HealthState.layer))

describe("HealthState", () => {
  it.effect("is not ready at the start", () =>
    withHealth((health) =>
      Effect.gen(function* () {
        const report = yield* health.report
        assert.deepStrictEqual(report, {
          ready: false,
          sink: { state: "starting", detail: "not connected yet" },
          connections: {}
        })
      })
    )
  )

  it.effect("is ready while the sink and at least one connection are up", () =>
    withHealth((health) =>
      Effect.gen(function* () {
        const ready = Effect.map(health.report, (report) => report.ready)
        yield* health.sink(up)
        assert.isFalse(yield* ready)
        yield* health.connection("line-0", down)
        assert.isFalse(yield* ready)
        yield* health.connection("line-1", up)
        assert.isTrue(yield* ready)
        yield* health.sink(down)
        assert.isFalse(yield* ready)
        yield* health.sink(up)
        yield* health.connection("line-1", down)
        assert.isFalse(yield* ready)
      })
    )
  )

  it.effect("reports what each component last said", () =>
    withHealth((health) =>
      Effect.gen(function* () {
        yield* health.sink(up)
        yield* health.connection("line-0", up)
        yield* health.connection("line-1", up)
        yield* health.connection("line-0", down)
        assert.deepStrictEqual(yield* health.report, {
          ready: true,
          sink: up,
          connections: { "line-0": down, "line-1": up }
        })
      })
    )
  )
})
