import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Result } from "effect"
import { parse } from "../../src/cli/parse.ts"

const chosen = (...args: ReadonlyArray<string>) =>
  Effect.map(parse(args), (choice) => {
    const { name, options } = Option.getOrThrow(choice)
    return { name, options }
  })

describe("the command line", () => {
  it.effect("knows the commands and their flags", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* chosen(), { name: "run", options: {} })
      assert.deepStrictEqual(yield* chosen("run"), { name: "run", options: {} })
      assert.deepStrictEqual(yield* chosen("verify"), {
        name: "verify",
        options: { json: false, from: "earliest", quiet: false, topics: [] }
      })
      assert.deepStrictEqual(
        yield* chosen("verify", "--json", "--from", "earliest", "--topic", "a", "--topic=b", "--quiet"),
        { name: "verify", options: { json: true, from: "earliest", quiet: true, topics: ["a", "b"] } }
      )
      assert.deepStrictEqual(yield* chosen("repair"), { name: "repair", options: { dryRun: false } })
      assert.deepStrictEqual(yield* chosen("repair", "--dry-run"), { name: "repair", options: { dryRun: true } })
    })
  )

  for (const args of [
    ["verifi"],
    ["verify", "--jsn"],
    ["--json"],
    ["verify", "more"],
    ["verify", "--from", "latest"],
    ["tail"],
    ["tail", "trade", "--from", "yesterday"],
    ["tail", "trade", "--filter", "price"],
    ["tail", "trade", "--filter", "/(/"],
    ["tail", "trade", "-n", "0"],
    ["record"],
    ["record", "a", "--duration", "5"],
    ["record", "a", "--frames", "0"],
    ["replay", "a", "--speed", "0"],
    ["replay", "a", "--sink", "redis"],
    ["simulate", "--port", "70000"],
    ["simulate", "--rate", "-1"],
    ["demo", "--seconds", "0"],
    ["streams", "--symbols", "("]
  ]) {
    it.effect(`refuses ${args.join(" ")}`, () =>
      Effect.map(Effect.result(parse(args)), (result) => assert.isTrue(Result.isFailure(result)))
    )
  }
})
