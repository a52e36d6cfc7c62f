import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Vigil from "../../../src/layers/binance/Vigil.ts"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import { Status } from "../../../src/services/Status.ts"

const start = Effect.gen(function* () {
  const vigil = yield* Vigil.make("binance-1")
  const status = yield* Status
  const second = (eventAge?: number, isRead = true) =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 seconds")
      const eventTime = 1_700_000_000_000 - (eventAge ?? 0)
      const bytes = Buffer.from(`{"stream":"btcusdt@trade","data":{"e":"trade","E":${eventTime}}}`)
      if (eventAge !== undefined) vigil.seen({ bytes, receivedAt: 1_700_000_000_000 })
      vigil.tick(isRead)
    })
  return {
    vigil,
    second,
    seconds: (count: number, eventAge?: number, isRead?: boolean) =>
      Effect.repeat(second(eventAge, isRead), { times: count - 1 }),
    shown: () => status.figures().connections.get("binance-1"),
    troubles: () => status.troubles().map(({ name, text }) => `${name}: ${text}`)
  }
})

describe("Vigil", () => {
  it.effect("tells within seconds that nothing comes any more, and stops with the next frame", () =>
    Effect.gen(function* () {
      const { second, seconds, troubles } = yield* start
      yield* seconds(12, 40)
      yield* seconds(4)
      assert.deepStrictEqual(troubles(), [])
      yield* seconds(4)
      assert.deepStrictEqual(troubles(), ["binance-1 (silent): nothing was received for 8 s"])
      yield* second(40)
      assert.deepStrictEqual(troubles(), [])
    }).pipe(Effect.provide(StatusBoard.layer))
  )

  it.effect("does not hold against a connection what we do not read", () =>
    Effect.gen(function* () {
      const { seconds, troubles } = yield* start
      yield* seconds(12, 40)
      yield* seconds(30, undefined, false)
      assert.deepStrictEqual(troubles(), [])
    }).pipe(Effect.provide(StatusBoard.layer))
  )

  it.effect("tells that what comes is old, as long as it is", () =>
    Effect.gen(function* () {
      const { seconds, shown, troubles } = yield* start
      yield* seconds(5, 20_000)
      assert.strictEqual(shown()?.latencyMs, 20_000)
      assert.deepStrictEqual(troubles(), [
        "binance-1 (late): what comes is 20 s old: our clock is ahead, or the way to here is slow"
      ])
      yield* seconds(1, 50)
      assert.deepStrictEqual(troubles(), [])
    }).pipe(Effect.provide(StatusBoard.layer))
  )

  it.effect("shows since when there is no socket and when the next one is dialled, and nothing of the last one", () =>
    Effect.gen(function* () {
      const { seconds, shown, troubles, vigil } = yield* start
      yield* seconds(12, 40)
      yield* seconds(8)
      vigil.closed(Duration.seconds(3))
      yield* TestClock.adjust("3 seconds")
      vigil.closed(Duration.seconds(30))
      assert.deepStrictEqual([shown()?.downSince, shown()?.retryAt, shown()?.latencyMs], [20_000, 53_000, null])
      assert.deepStrictEqual(troubles(), [])
      vigil.opened()
      assert.deepStrictEqual([shown()?.downSince, shown()?.retryAt], [null, null])
    }).pipe(Effect.provide(StatusBoard.layer))
  )
})
