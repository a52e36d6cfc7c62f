/** Writes the tables of `docs/records.md` and `docs/markets.md` from the stream kinds: `node scripts/records.ts`. */
import { readFileSync, writeFileSync } from "node:fs"
import { fieldsOf } from "../src/schema/fields.ts"
import { type Market, spot, usdm } from "../src/schema/Market.ts"

const pages = [
  { file: new URL("../docs/records.md", import.meta.url), market: spot },
  { file: new URL("../docs/markets.md", import.meta.url), market: usdm }
]

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
const code = (text: string): string => `\`${text}\``

const topicsOf = ({ kinds }: Market): string =>
  [
    "| Topic | Its variable | `stream_type` | Holds | Such as |",
    "|---|---|---|---|---|",
    ...kinds.map(({ example, name, streamType, suffixes, title, topic }) => {
      const types = [...new Set(suffixes.map(streamType))]
      return row(
        code(topic.default),
        code(topic.variable),
        (types.length === 0 ? [name] : types).map(code).join(", "),
        title,
        code(example)
      )
    })
  ].join("\n")

const tablesOf = ({ kinds }: Market): string =>
  kinds
    .map(
      (kind) => `### ${kind.name}

${[
  "| Field | Name | Type |",
  "|---|---|---|",
  ...fieldsOf(kind).map(({ description, name, type }) => row(code(name), description, type))
].join("\n")}
`
    )
    .join("\n")

const between = (text: string, mark: string, content: string): string =>
  text.replace(new RegExp(`(?<=<!-- ${mark} -->\\n)[^]*(?=<!-- /${mark} -->)`), () => `${content.trimEnd()}\n`)

/** Each file and what it should hold. */
export const files = (): ReadonlyArray<{ readonly file: URL; readonly content: string }> =>
  pages.map(({ file, market }) => ({
    file,
    content: between(between(readFileSync(file, "utf8"), "topics", topicsOf(market)), "fields", tablesOf(market))
  }))

if (import.meta.main) for (const { content, file } of files()) writeFileSync(file, content)
