import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Check from "../../src/check/Check.ts"
import { ok } from "../../src/check/Finding.ts"

const check = (findings: Check.Check["findings"]): Check.Check => ({ subject: "disk", variables: ["DATA_"], findings })
const good = Effect.succeed([ok("disk", "good")])

describe("a check", () => {
  it.effect("says what it finds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Check.run(check(good), ["KAFKA_ACKS=5: expected one of 0, 1, all"]), [
        { subject: "disk", status: "ok", says: "good" }
      ])
    })
  )

  it.effect("does not look where its settings are wrong", () =>
    Effect.gen(function* () {
      const [finding] = yield* Check.run(check(Effect.die("looked")), ["BATCH_SIZE=x: expected", "DATA_DIR=: expected"])
      assert.deepStrictEqual(finding, {
        subject: "disk",
        status: "skipped",
        says: "not looked at while DATA_DIR is wrong"
      })
    })
  )

  it.effect("ends in time", () =>
    Effect.gen(function* () {
      const running = yield* Effect.forkChild(Check.run(check(Effect.never), []))
      yield* TestClock.adjust(Check.LIMIT)
      const [finding] = yield* Fiber.join(running)
      assert.deepInclude(finding, { status: "failed", subject: "disk" })
      assert.match(finding?.says ?? "", /^no answer within 30s: look at/)
    })
  )

  it.effect("survives a bug in itself", () =>
    Effect.gen(function* () {
      const [finding] = yield* Check.run(check(Effect.die("a bug")), [])
      assert.deepInclude(finding, { status: "failed", says: "could not be looked at: a bug; report it" })
    })
  )
})
