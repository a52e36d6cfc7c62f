import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Program from "../support/program.ts"

const start = (fault: string) =>
  Program.start({ FAULT: fault }, {}, new URL("../support/faultyMain.ts", import.meta.url))

describe("Launch", () => {
  it.live("drains after a bug in a callback, says what it was, and ends with 1", () =>
    Effect.gen(function* () {
      const program = yield* start("crash")
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 1)
      assert.match(stderr, /unexpected error, stopping: a bug in a callback\nDraining\n/)
    })
  )

  it.live("ends with 1 when stopping hangs, and says so", () =>
    Effect.gen(function* () {
      const program = yield* start("hang")
      yield* program.says(/Running/)
      yield* program.signal("SIGTERM")
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 1)
      assert.match(stderr, /not stopped within 9\.7 s: ended as it is/)
    })
  )
})
