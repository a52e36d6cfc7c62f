import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { file, render } from "../../scripts/commands.ts"
import { helpOf } from "../../src/cli/parse.ts"
import { commands } from "../../src/cli/commands.ts"

describe("docs/commands.md", () => {
  it.effect("is current: if not, run node scripts/commands.ts", () =>
    Effect.map(render, (text) => assert.strictEqual(readFileSync(file, "utf8"), text))
  )
})

describe("the help", () => {
  it.each(commands.map(({ name }) => name))("of %s has examples and exit codes", async (name) => {
    const help = await Effect.runPromise(helpOf([name]))
    assert.match(help, new RegExp(`^EXAMPLES\\n {2}# .+\\n {2}binance-kafka-connector ${name}\\b`, "m"))
    assert.match(help, /^EXIT CODES\n {2}0 {4}\S/m)
    assert.notInclude(help, "\u001b")
  })
})
