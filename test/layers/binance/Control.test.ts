import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Control from "../../../src/layers/binance/Control.ts"
import type { ControlRequest } from "../../../src/pipeline/Subscriptions.ts"

const request = (id: number): ControlRequest => ({ id, text: `frame ${id}`, names: [`s${id}@trade`] })

/** What goes out, and when. */
const start = Effect.gen(function* () {
  const control = yield* Control.make
  const sent: Array<readonly [at: number, text: string]> = []
  yield* control
    .sending((text) => Effect.map(Clock.currentTimeMillis, (now) => void sent.push([now, text ?? "ping"])))
    .pipe(Effect.forkChild({ startImmediately: true }))
  const ask = (id: number) => Effect.forkChild(control.request(request(id)), { startImmediately: true })
  return { control, sent, ask }
})

const second = Duration.seconds(1)

/** One request that is sent and has no answer. */
const startWaiting = Effect.gen(function* () {
  const { ask, control } = yield* start
  yield* ask(1)
  yield* TestClock.adjust(second)
  return control
})

describe("Control", () => {
  it.effect("sends in order, one frame in 300 ms, pings of ours and pongs counted", () =>
    Effect.gen(function* () {
      const { ask, control, sent } = yield* start
      control.pongSent()
      yield* ask(1)
      const ping = yield* Effect.forkChild(control.ping, { startImmediately: true })
      for (const id of [2, 3, 4]) yield* ask(id)
      yield* TestClock.adjust("599 millis")
      assert.isUndefined(ping.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(ping)
      assert.deepStrictEqual(sent, [
        [300, "frame 1"],
        [600, "ping"],
        [900, "frame 2"],
        [1200, "frame 3"],
        [1500, "frame 4"]
      ])
    })
  )

  it.effect("finds the request of an answer by its id, else the one that has waited longest", () =>
    Effect.gen(function* () {
      const { ask, control } = yield* start
      for (const id of [1, 2, 3]) yield* ask(id)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(control.answered(2)?.id, 2)
      assert.strictEqual(control.answered(null)?.id, 1)
      assert.isUndefined(control.answered(1))
      assert.isUndefined(control.answered("not ours"))
      assert.strictEqual(control.answered(3)?.id, 3)
      assert.isUndefined(control.answered(null))
    })
  )

  it.effect("does not count the interval in which a request was sent", () =>
    Effect.gen(function* () {
      const control = yield* startWaiting
      for (const part of [second, Duration.millis(500), ...Array.from({ length: 9 }, () => second)]) {
        assert.isUndefined(control.waited(part))
      }
      assert.strictEqual(control.waited(Duration.millis(500))?.id, 1)
    })
  )

  it.effect("tells the request that has waited for 10 s", () =>
    Effect.gen(function* () {
      const control = yield* startWaiting
      for (let n = 0; n < 10; n++) assert.isUndefined(control.waited(second))
      assert.strictEqual(control.waited(second)?.id, 1)
      control.answered(1)
      assert.isUndefined(control.waited(second))
    })
  )
})
