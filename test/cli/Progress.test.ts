import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Progress from "../../src/cli/Progress.ts"

const shown = Effect.fnUntraced(function* (isTTY: boolean) {
  const lines: Array<string> = []
  const progress = Progress.make({ out: { isTTY, write: (text: string | Uint8Array) => lines.push(String(text)) > 0 } })
  const fiber = yield* Effect.forkChild(progress.during(Effect.sleep("25 seconds")))
  progress.update(250, 1000)
  yield* TestClock.adjust("10 seconds")
  progress.update(1000, 1000)
  yield* TestClock.adjust("15 seconds")
  yield* Fiber.join(fiber)
  return lines
})

describe("the progress", () => {
  it.effect("is a line every 10 s where stderr is no terminal", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* shown(false), [
        "reading: 250 records, 25 %, 25 records/s, 30s left\n",
        "reading: 1000 records, 100 %, 50 records/s\n"
      ])
    })
  )

  it.effect("is one line that changes on a terminal, and gone at the end", () =>
    Effect.gen(function* () {
      const lines = yield* shown(true)
      assert.isAbove(lines.length, 50)
      assert.isTrue(lines.every((line) => line.startsWith("\r\u001b[2K") && !line.includes("\n")))
      assert.strictEqual(lines.at(-1), "\r\u001b[2K")
    })
  )
})
