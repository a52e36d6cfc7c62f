import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ok } from "../../src/check/Finding.ts"
import { http } from "../../src/check/http.ts"
import { freePort, serve } from "../support/http.ts"
import { testSettings } from "../support/settings.ts"

const look = (port: number, host = "127.0.0.1") => http(testSettings({ http: { host, port } })).findings

describe("check: the HTTP port", () => {
  it.live("finds one that is free, and leaves it free", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const free = ok("http", `HTTP_PORT: 127.0.0.1:${port} is free`)
      assert.deepStrictEqual(yield* look(port), [free])
      assert.deepStrictEqual(yield* look(port), [free])
    })
  )

  it.live("finds one that is taken, and an address that is not ours", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(() => {})
      const [taken] = yield* look(port)
      assert.strictEqual(taken?.status, "failed")
      assert.match(taken?.says ?? "", /is taken by another program: choose another HTTP_PORT, or 0 to do without$/)
      const [elsewhere] = yield* look(yield* freePort, "192.0.2.1")
      assert.match(elsewhere?.says ?? "", /is no address of this machine: look at HTTP_HOST$/)
    })
  )
})
