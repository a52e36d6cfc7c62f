/** Writes what people read about settings from their declarations: `node scripts/settings.ts`. */
import { readFileSync, writeFileSync } from "node:fs"
import { usdm } from "../src/schema/Market.ts"
import { example } from "../src/schema/settings/example.ts"
import { groups, ofMarket, variables } from "../src/schema/settings/variables.ts"

const code = (text: string | undefined): string => (text === undefined || text === "" ? "" : `\`${text}\``)

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const summary = [
  "| Variable | Default | |",
  "|---|---|---|",
  ...variables.map((one) => row(code(one.name), code(one.default), one.doc)),
  "",
  "What each one accepts, with an example: [docs/settings.md](docs/settings.md). A start: [.env.example](.env.example)."
].join("\n")

const reference = `# Settings

Every setting is an environment variable. A \`.env\` file in the working directory fills in what the environment leaves open. A
variable set to nothing counts as unset, except where an empty list is refused. Blanks around a value, the case of \`true\`, \`false\` and of words from a list do not
matter; \`yes\`, \`no\`, \`on\`, \`off\`, \`1\` and \`0\` are understood too.

This page is written by \`node scripts/settings.ts\`.
${groups
  .map(
    (group) => `
## ${group.title}

| Variable | Default | Expected | Example | |
|---|---|---|---|---|
${group.variables.map((one) => row(code(one.name), code(one.default), one.expected, code(one.example), one.doc)).join("\n")}
`
  )
  .join("")}
## Defaults of \`BINANCE_MARKET=usdm\`

| Variable | Default |
|---|---|
${ofMarket(usdm)
  .map((one) => row(code(one.name), code(one.default)))
  .join("\n")}
`

const BETWEEN = /(?<=<!-- settings -->\n)[^]*(?=<!-- \/settings -->)/

/** Each file and what it should hold. */
export const files = (): ReadonlyArray<{ readonly file: URL; readonly content: string }> => {
  const at = (path: string): URL => new URL(`../${path}`, import.meta.url)
  const readme = at("README.md")
  return [
    { file: at("docs/settings.md"), content: reference },
    { file: at(".env.example"), content: example },
    { file: readme, content: readFileSync(readme, "utf8").replace(BETWEEN, () => `${summary}\n`) }
  ]
}

if (import.meta.main) for (const { content, file } of files()) writeFileSync(file, content)
