/** Writes `docs/envelope.schema.json`, the JSON Schema of a data record's value: `node scripts/schema.ts`. */
import { mkdirSync, writeFileSync } from "node:fs"
import { Schema } from "effect"
import { Envelope } from "../src/schema/Envelope.ts"

export const file = new URL("../docs/envelope.schema.json", import.meta.url)

export const render = (): string => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(Envelope)
  const document = { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema, $defs: definitions }
  return `${JSON.stringify(document, null, 2)}\n`
}

if (import.meta.main) {
  mkdirSync(new URL(".", file), { recursive: true })
  writeFileSync(file, render())
}
