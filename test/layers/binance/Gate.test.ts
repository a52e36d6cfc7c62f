import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Queue } from "effect"
import { TestClock } from "effect/testing"
import { refused } from "../../../src/layers/binance/Disconnected.ts"
import * as Gate from "../../../src/layers/binance/Gate.ts"
import * as LogProbe from "../../support/logProbe.ts"

const refusalOf = (status: number, retryAfter?: string) => refused(status, retryAfter).refusal!

const urls = (...hosts: ReadonlyArray<string>) => hosts.map((host) => new URL(`ws://${host}/stream`))

/** Seconds until the host may be dialled. */
const secondsToPass = Effect.fnUntraced(function* (gate: Gate.Gate, host: string) {
  const before = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(gate.pass(urls(host)), { startImmediately: true })
  for (let n = 0; n < 100_000 && fiber.pollUnsafe() === undefined; n++) yield* TestClock.adjust("100 millis")
  yield* Fiber.join(fiber)
  return ((yield* Clock.currentTimeMillis) - before) / 1000
})

describe("Gate", () => {
  it.effect("lets connections through one after another", () =>
    Effect.gen(function* () {
      const gate = yield* Gate.make(Duration.seconds(60), { most: 3, within: 10_000, apart: 1000 })
      const passed: Array<number> = []
      yield* Effect.forEach(
        Array.from({ length: 5 }),
        () =>
          Effect.tap(
            gate.pass(urls("host")),
            Effect.map(Clock.currentTimeMillis, (now) => passed.push(now))
          ),
        { concurrency: "unbounded" }
      ).pipe(Effect.forkChild({ startImmediately: true }))
      yield* TestClock.adjust("12 seconds")
      assert.deepStrictEqual(passed, [0, 1000, 2000, 10_000, 11_000])
    })
  )

  it.effect("says that the budget is used up", () =>
    Effect.gen(function* () {
      const { events, layer } = yield* LogProbe.make
      const gate = yield* Gate.make(Duration.seconds(60), { most: 1, within: 60_000, apart: 0 })
      yield* gate.pass(urls("host"))
      yield* Effect.forkChild(gate.pass(urls("host")).pipe(Effect.provide(layer)), { startImmediately: true })
      const { annotations, level } = yield* Queue.take(events)
      assert.deepStrictEqual([level, annotations["wait"]], ["Warn", "1m"])
    })
  )

  it.effect("obeys the exchange's own wish, however long, for every connection to that host", () =>
    Effect.gen(function* () {
      const gate = yield* Gate.make(Duration.seconds(10))
      yield* gate.refused("a", refusalOf(429, "300"))
      assert.isAtMost(yield* secondsToPass(gate, "b"), 0.1)
      assert.closeTo(yield* secondsToPass(gate, "a"), 300, 0.2)
    })
  )

  it.effect("goes elsewhere while the first address rests, to the one that rests the least if all do", () =>
    Effect.gen(function* () {
      const gate = yield* Gate.make(Duration.seconds(60), { most: 10, within: 1000, apart: 0 })
      const passed = () => Effect.map(gate.pass(urls("a", "b", "c")), ({ host }) => host)
      assert.strictEqual(yield* passed(), "a")
      yield* gate.refused("a", refusalOf(429, "300"))
      assert.strictEqual(yield* passed(), "b")
      yield* gate.refused("b", refusalOf(429, "200"))
      yield* gate.refused("c", refusalOf(429, "250"))
      const fiber = yield* Effect.forkChild(passed(), { startImmediately: true })
      yield* TestClock.adjust("199 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "b")
    })
  )

  for (const [status, rests] of [
    [418, [60, 120, 240, 300, 300]],
    [429, [60, 120, 240, 300, 300]],
    [403, [30, 60, 120, 240, 300]],
    [451, [30, 60, 120, 240, 300]],
    [503, [0, 0]]
  ] as const) {
    it.effect(`rests longer and longer after HTTP ${status} without a wish`, () =>
      Effect.gen(function* () {
        const gate = yield* Gate.make(Duration.seconds(300))
        const seen: Array<number> = []
        for (const _ of rests) seen.push(Duration.toSeconds(yield* gate.refused("a", refusalOf(status))))
        assert.deepStrictEqual(seen, [...rests])
        yield* gate.opened("a")
        assert.strictEqual(Duration.toSeconds(yield* gate.refused("a", refusalOf(status))), rests[0])
      })
    )
  }

  it.effect("never rests longer of its own will than the longest wait allows", () =>
    Effect.gen(function* () {
      const gate = yield* Gate.make(Duration.seconds(5))
      for (const status of [418, 403]) {
        assert.strictEqual(Duration.toSeconds(yield* gate.refused("a", refusalOf(status))), 5)
      }
    })
  )
})
