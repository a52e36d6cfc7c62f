import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Result } from "effect"
import { parse } from "../../src/cli/arguments.ts"

const chosen = (...args: ReadonlyArray<string>) => Effect.map(parse(args), Option.getOrThrow)

describe("the command line", () => {
  it.effect("knows the commands and their flags", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* chosen(), { command: "run" })
      assert.deepStrictEqual(yield* chosen("run"), { command: "run" })
      assert.deepStrictEqual(yield* chosen("verify"), {
        command: "verify",
        options: { json: false, quiet: false, topics: [] }
      })
      assert.deepStrictEqual(
        yield* chosen("verify", "--json", "--from", "earliest", "--topic", "a", "--topic=b", "--quiet"),
        { command: "verify", options: { json: true, quiet: true, topics: ["a", "b"] } }
      )
      assert.deepStrictEqual(yield* chosen("repair"), { command: "repair", dryRun: false })
      assert.deepStrictEqual(yield* chosen("repair", "--dry-run"), { command: "repair", dryRun: true })
    })
  )

  for (const args of [
    ["verifi"],
    ["verify", "--jsn"],
    ["--json"],
    ["verify", "more"],
    ["verify", "--from", "latest"]
  ]) {
    it.effect(`refuses ${args.join(" ")}`, () =>
      Effect.map(Effect.result(parse(args)), (result) => assert.isTrue(Result.isFailure(result)))
    )
  }
})
