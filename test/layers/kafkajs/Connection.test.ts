import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"
import { vi } from "vitest"
import * as Connection from "../../../src/layers/kafkajs/Connection.ts"
import { InFlight } from "../../../src/layers/kafkajs/InFlight.ts"
import { greet, listen } from "../../support/fakeBroker.ts"
import { testSettings } from "../../support/settings.ts"

describe("a connection of kafkajs", () => {
  it.effect.each([
    ["in a list", true],
    ["as kafkajs does, with KAFKAJS_PATCHES=false", false]
  ] as const)("keeps its requests on their way %s", ([_, patches]) =>
    Effect.gen(function* () {
      const port = yield* listen(greet)
      const connect = yield* Connection.make
      const queues: Array<RequestQueue> = []
      const { push } = RequestQueue.prototype
      const pushed = vi.spyOn(RequestQueue.prototype, "push").mockImplementation(function (
        this: RequestQueue,
        request
      ) {
        queues.push(this)
        push.call(this, request)
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => pushed.mockRestore()))
      const { disconnect, ...connection } = connect({ host: "127.0.0.1", port }, { ...testSettings().kafka, patches })
      yield* Effect.promise(() => connection.connect())
      assert.isNotEmpty(queues)
      for (const { inflight } of queues) assert.strictEqual(inflight instanceof InFlight, patches)
      yield* Effect.promise(disconnect)
    })
  )
})
