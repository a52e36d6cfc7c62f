/** Writes the tables of `docs/records.md` from the stream kinds: `node scripts/records.ts`. */
import { readFileSync, writeFileSync } from "node:fs"
import { fieldsOf } from "../src/schema/fields.ts"
import { streamKinds } from "../src/schema/kinds/registry.ts"

export const file = new URL("../docs/records.md", import.meta.url)

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
const code = (text: string): string => `\`${text}\``

const topics = [
  "| Topic | Its variable | `stream_type` | Holds | Such as |",
  "|---|---|---|---|---|",
  ...streamKinds.map(({ example, name, streamType, suffixes, title, topic }) => {
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

const tables = streamKinds
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

export const render = (): string => between(between(readFileSync(file, "utf8"), "topics", topics), "fields", tables)

if (import.meta.main) writeFileSync(file, render())
