import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { SpoolLimits } from "../../../src/layers/spool/Limits.ts"
import * as Stall from "../../../src/layers/spool/Stall.ts"

const LIMIT = 1000

/** A stall over a sink that stores, but not enough, in a process that is so busy. */
const start = (busy: number) =>
  Effect.gen(function* () {
    let waiting = 0
    let pending = 1
    let active = 0
    const stall = yield* Stall.make({
      waiting: () => ({ records: pending, bytes: waiting })
    }).pipe(
      Effect.provideService(SpoolLimits, {
        stall: Duration.seconds(5),
        waitingBytes: LIMIT,
        slowKafka: Duration.seconds(2),
        slowProcess: Duration.seconds(15),
        drainBytes: 1,
        segmentBytes: 1
      }),
      Effect.provideService(Stall.Activity, () => active)
    )
    const pass = Effect.fnUntraced(function* (seconds: number) {
      let reason: string | undefined
      for (let n = 0; n < seconds * 4 && reason === undefined; n++) {
        yield* TestClock.adjust("250 millis")
        active += busy * 250
        // Something is stored all the time.
        stall.passed(1)
        pending = 1
        reason = stall.reason()
      }
      return reason
    })
    return { stall, pass, hold: (bytes: number) => void (waiting = bytes) }
  })

describe("Stall", () => {
  it.effect("takes what waits for too much after 2 s where Kafka is slow", () =>
    Effect.gen(function* () {
      const { hold, pass, stall } = yield* start(0.3)
      hold(LIMIT)
      assert.isTrue(stall.isFull())
      assert.isUndefined(yield* pass(2))
      assert.strictEqual(yield* pass(1), "1000 bytes wait in memory")
    })
  )

  it.effect("has more patience where the process itself is slow", () =>
    Effect.gen(function* () {
      const { hold, pass } = yield* start(1)
      hold(LIMIT)
      assert.isUndefined(yield* pass(14))
      assert.strictEqual(yield* pass(2), "1000 bytes wait in memory")
    })
  )

  it.effect("begins anew once half of it is gone, not at every record that is", () =>
    Effect.gen(function* () {
      const { hold, pass, stall } = yield* start(0.3)
      hold(LIMIT)
      assert.isUndefined(yield* pass(1.5))
      hold(LIMIT - 1)
      assert.isFalse(stall.isFull())
      assert.isUndefined(yield* pass(0.25))
      hold(LIMIT)
      assert.isDefined(yield* pass(1))
      hold(LIMIT / 2 - 1)
      assert.isUndefined(yield* pass(0.25))
      hold(LIMIT)
      assert.isUndefined(yield* pass(2))
    })
  )
})
