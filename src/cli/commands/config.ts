import { Effect, Layer } from "effect"
import { Flag } from "effect/cli"
import { example } from "../../schema/settings/example.ts"
import type { Variable } from "../../schema/settings/Variable.ts"
import { groups } from "../../schema/settings/variables.ts"
import { make } from "../Command.ts"
import { print, warn } from "../print.ts"
import { style } from "../style.ts"

const BAD_SETTINGS = 1

const UNSET = "(unset)"

/** One setting as it is in force; secrets are not shown. */
interface Effective {
  readonly name: string
  readonly value: string | null
  readonly source: "environment" | ".env" | "default" | "unset"
}

const WIDTH = Math.max(...groups.flatMap(({ variables }) => variables.map(({ name }) => name.length)))
const SOURCE_WIDTH = "environment".length

const line = ({ name, source, value }: Effective): string => {
  const text = `  ${name.padEnd(WIDTH)}  ${source.padEnd(SOURCE_WIDTH)}  ${value ?? UNSET}`
  return source === "default" || source === "unset" ? style("faint", text) : text
}

export const config = make({
  name: "config",
  summary: "Show the settings in force and where each comes from",
  description:
    "Show the settings in force and where each comes from: the environment, .env in the working directory, or the default. Secrets are hidden; what is wrong is listed on stderr.",
  examples: [
    ["", "What this environment comes to"],
    ["--json | jq -r '.settings[] | select(.source != \"default\") | .name'", "Only what is set, by name"],
    ["--example > .env", "A file to begin with: every setting, commented out"]
  ],
  exits: { 0: "all settings are good", [BAD_SETTINGS]: "some are not" },
  flags: {
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print JSON instead of the table"), Flag.withDefault(false)),
    example: Flag.Boolean("example").pipe(
      Flag.withDescription("Print a .env file with every setting, commented out, and nothing else"),
      Flag.withDefault(false)
    )
  },
  needs: Layer.empty,
  run: Effect.fn("config")(function* ({ example: asksForExample, json }) {
    if (asksForExample) {
      yield* print(example.trimEnd())
      return 0
    }
    const { inspect } = yield* Effect.promise(() => import("../../layers/AppConfig.ts"))
    const { faults, settings, sourceOf } = yield* inspect
    const effective = (variable: Variable<unknown>): Effective => {
      const value = settings.shown[variable.name] ?? null
      return { name: variable.name, value, source: sourceOf(variable) ?? (value === null ? "unset" : "default") }
    }
    const { notices } = settings
    if (json) {
      const all = groups.flatMap(({ variables }) => variables.map(effective))
      yield* print(JSON.stringify({ settings: all, faults, notices }, null, 2))
    } else {
      const sections = groups.map(({ title, variables }) =>
        [style("bold", title), ...variables.map((variable) => line(effective(variable)))].join("\n")
      )
      yield* print(sections.join("\n\n"))
      yield* warn([...faults, ...notices])
    }
    return faults.length > 0 ? BAD_SETTINGS : 0
  })
})
