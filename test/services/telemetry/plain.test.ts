import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, Random, Scope, Exit } from "effect"
import * as plain from "../../../src/services/telemetry/plain.ts"

const boundaries = [0.1, 1, 5]

describe("metrics of plain code", () => {
  it.effect("count like Effect's own histogram", () =>
    Effect.gen(function* () {
      const theirs = Metric.histogram("theirs", { boundaries })
      const ours = Metric.histogram("ours", { boundaries })
      const observe = yield* plain.histogram(ours)
      for (let n = 0; n < 200; n++) {
        // Exactly on a bound now and then.
        const value = n % 3 === 0 ? (boundaries[n % boundaries.length] ?? 0) : yield* Random.nextBetween(0, 8)
        observe(value)
        yield* Metric.update(theirs, value)
      }
      assert.deepStrictEqual(yield* Metric.value(ours), yield* Metric.value(theirs))
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("count what is below nothing as nothing", () =>
    Effect.gen(function* () {
      const metric = Metric.histogram("skewed", { boundaries })
      const observe = yield* plain.histogram(metric)
      observe(-3)
      const { buckets, count, sum } = yield* Metric.value(metric)
      assert.deepStrictEqual([buckets[0], count, sum], [[0.1, 1], 1, 0])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("are read when somebody looks, and listed as long as their scope is open", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const held: Array<string> = []
      const add = yield* plain.counter(Metric.counter("added", { incremental: true })).pipe(Scope.provide(scope))
      yield* plain.gauge(Metric.gauge("held"), () => held.length).pipe(Scope.provide(scope))
      const seen = Effect.map(Metric.snapshot, (all) => all.map(({ id, state }) => [id, state]))

      held.push("a", "b")
      add(2)
      add(3)
      assert.deepStrictEqual(yield* seen, [
        ["added", { count: 5, incremental: true }],
        ["held", { value: 2 }]
      ])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* seen, [])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
