import { assert, describe, it } from "@effect/vitest"
import { loggers } from "@platformatic/kafka"
import { Effect, Predicate } from "effect"
import * as Connection from "../../../src/layers/platformatic/Connection.ts"
import { applyLetGo } from "../../../src/layers/platformatic/patches.ts"
import { greet, listen } from "../../support/fakeBroker.ts"
import { testSettings } from "../../support/settings.ts"

type Log = (message: string, details: unknown) => void

/** Hears, after all others, how many bytes each request still has when the client tells its log of it. */
const overhear = Effect.acquireRelease(
  Effect.sync(() => {
    const before: Log = loggers["protocol"]
    const left: Array<[string, number]> = []
    const hear: Log = (message, details) => {
      before(message, details)
      if (!Predicate.hasProperty(details, "request") || !Predicate.hasProperty(details.request, "payload")) return
      const { payload } = details.request
      if (Buffer.isBuffer(payload)) left.push([message, payload.length])
    }
    Object.assign(loggers, { protocol: hear })
    return { before, left }
  }),
  ({ before }) => Effect.sync(() => Object.assign(loggers, { protocol: before }))
)

describe("the requests of @platformatic/kafka", () => {
  it.effect("let go of their bytes once the socket has them, and are answered", () =>
    Effect.gen(function* () {
      const port = yield* listen(greet)
      const connection = Connection.connect({ host: "127.0.0.1", port }, testSettings().kafka)
      const { left } = yield* overhear
      yield* Effect.promise(() => connection.connect())
      yield* Effect.promise(connection.disconnect)
      assert.deepStrictEqual(left, [
        ["Sending request.", 0],
        ["Received response.", 0]
      ])
    })
  )

  it.effect("are left alone in a version that was not read", () =>
    Effect.gen(function* () {
      yield* overhear
      const { protocol } = loggers
      applyLetGo("2.13.0")
      assert.strictEqual(loggers["protocol"], protocol)
    })
  )
})
