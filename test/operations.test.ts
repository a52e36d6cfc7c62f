/** The runbook, held to the log lines and the alerts that there are. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { parse } from "yaml"
import { troubleKinds } from "../src/services/Status.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (file: string) => readFileSync(`${root}/${file}`, "utf8")
const page = read("docs/operations.md")

/** The text of a heading's section, up to the next one of its rank or above. */
const section = (heading: string): string => {
  const start = page.indexOf(`\n${heading}\n`)
  assert.notStrictEqual(start, -1, `there is no ${heading}`)
  const rest = page.slice(start + heading.length + 2)
  const rank = /^#+/.exec(heading)?.[0].length ?? 0
  return rest.slice(0, rest.search(new RegExp(`^#{1,${rank}} `, "m")) >>> 0)
}

/** The messages of its table. */
const told = (heading: string): ReadonlyArray<string> =>
  Array.from(section(heading).matchAll(/^\| `([^`]+)` \|/gm), ([, message = ""]) => message)

const sources = globSync("src/**/*.ts", { cwd: root }).filter((file) => !file.startsWith("src/simulator/"))

/** What a call says itself: a text, or one of several; the values in it as an ellipsis. */
const CALL = /\blog(Warning|Error|Fatal|WithLevel)\b(\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)?)?/g

const messagesIn = (file: string) =>
  Array.from(read(file).matchAll(CALL), ([, level = "", , plain, template]) => ({
    level,
    message: plain ?? template?.replaceAll(/\$\{[^}]*\}/g, "…")
  }))

/** Files that say something they were given: what that may be, as it stands there. */
const ELSEWHERE: Readonly<
  Record<string, { readonly Warning: ReadonlyArray<string>; readonly Error: ReadonlyArray<string> }>
> = {
  "src/pipeline/GapReport.ts": {
    Warning: [
      "Events are missing: fetching them from the exchange's history",
      "A gap is open: what is live goes on beyond it, what is missing follows late",
      "The exchange's history has no such ids either: they are not asked for again",
      "The exchange counts a stream's ids anew"
    ],
    Error: []
  },
  "src/layers/binance/Keeper.ts": {
    Warning: ["Disconnected: connecting again"],
    Error: ["The exchange lets nobody in from here: a person has to look at it"]
  },
  // The rest is told in the runbook's text: names that are no settings, other people's warnings, and the reasons of the end.
  "src/layers/AppConfig.ts": { Warning: [], Error: [] },
  "src/layers/kafkajs/logger.ts": { Warning: [], Error: [] },
  "src/layers/Launch.ts": { Warning: [], Error: [] }
}

const said = (level: "Warning" | "Error"): ReadonlyArray<string> => [
  ...sources.flatMap((file) =>
    messagesIn(file).flatMap((call) => (call.level === level && call.message !== undefined ? [call.message] : []))
  ),
  ...Object.values(ELSEWHERE).flatMap((messages) => messages[level])
]

describe("the runbook", () => {
  it("knows where messages come from that a call does not say itself", () => {
    const given = sources.filter((file) => messagesIn(file).some(({ message }) => message === undefined))
    assert.sameMembers(given, Object.keys(ELSEWHERE))
    for (const [file, messages] of Object.entries(ELSEWHERE)) {
      for (const message of [...messages.Warning, ...messages.Error]) assert.include(read(file), `"${message}"`)
    }
  })

  it.each([
    ["### WARNING", "Warning"],
    ["### ERROR", "Error"]
  ] as const)("explains every line there is, and none that there is not: %s", (heading, level) => {
    const [lines, rows] = [said(level), told(heading)]
    assert.deepStrictEqual(
      { unexplained: lines.filter((line) => !rows.includes(line)), stale: rows.filter((row) => !lines.includes(row)) },
      { unexplained: [], stale: [] }
    )
  })

  it("explains every trouble that the page can name", () => {
    const rows = section("## Is it well")
    const unexplained = [...troubleKinds, "mute"].filter((kind) => !rows.includes(`(${kind}): `))
    assert.deepStrictEqual(unexplained, [])
  })

  const RULES = "deploy/prometheus/rules.yml"

  it.skipIf(!existsSync(`${root}/${RULES}`))("has a heading for every alert, and none that there is not", () => {
    const Rules = Schema.Struct({
      groups: Schema.Array(
        Schema.Struct({ rules: Schema.Array(Schema.Struct({ alert: Schema.optionalKey(Schema.String) })) })
      )
    })
    const { groups } = Schema.decodeUnknownSync(Rules)(parse(read(RULES)))
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => (alert === undefined ? [] : [alert])))
    const headings = Array.from(section("## Alerts").matchAll(/^### (.+)$/gm), ([, name = ""]) => name)
    assert.sameMembers(headings, alerts)
  })
})
