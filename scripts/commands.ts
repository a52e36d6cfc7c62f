/** Writes `docs/commands.md`, every command's help: `node scripts/commands.ts`. */
import { writeFileSync } from "node:fs"
import { Effect } from "effect"
import { commonExits } from "../src/cli/Command.ts"
import { helpOf } from "../src/cli/parse.ts"
import { commands } from "../src/cli/commands.ts"

export const file = new URL("../docs/commands.md", import.meta.url)

const fenced = (text: string): string => `\`\`\`text\n${text.trimEnd()}\n\`\`\``

const exitRows = Object.entries(commonExits).map(([code, meaning]) => `| ${code} | ${meaning} |`)

export const render = Effect.gen(function* () {
  const sections = yield* Effect.forEach(commands, ({ name }) =>
    Effect.map(helpOf([name]), (help) => `## ${name}\n\n${fenced(help)}`)
  )
  return `# Commands

Without a command the connector runs. Answers go to stdout, all else to stderr; colours are used on a terminal only, and not where \`NO_COLOR\`
is set. Beside its own, every command but \`run\` may end with these exit codes:

| Code | |
|---|---|
${exitRows.join("\n")}

This page is written by \`node scripts/commands.ts\`.

${fenced(yield* helpOf([]))}

## Completions

| Shell | |
|---|---|
| bash | \`binance-kafka-connector --completions bash >> ~/.bashrc\` |
| zsh | \`binance-kafka-connector --completions zsh > "\${fpath[1]}/_binance-kafka-connector"\` |
| fish | \`binance-kafka-connector --completions fish > ~/.config/fish/completions/binance-kafka-connector.fish\` |

${sections.join("\n\n")}
`
})

if (import.meta.main) writeFileSync(file, await Effect.runPromise(render))
