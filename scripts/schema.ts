/** Writes the JSON Schemas of what the topics hold to `docs/`: `node scripts/schema.ts`. */
import { writeFileSync } from "node:fs"
import { Schema } from "effect"
import { StoredPosition } from "../src/layers/kafka/StoredPosition.ts"
import { Continuity } from "../src/schema/Continuity.ts"
import { DeadLetterHeaders } from "../src/schema/DeadLetterHeaders.ts"
import { Envelope } from "../src/schema/Envelope.ts"
import { type Market, spot, usdm } from "../src/schema/Market.ts"

const DIALECT = "https://json-schema.org/draft/2020-12/schema"

const text = (document: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ $schema: DIALECT, ...document }, null, 2)}\n`

const render = (schema: Schema.Constraint): string => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema)
  return text({ ...root, $defs: definitions })
}

/** `original_data`, by the name of its kind. */
const payloads = ({ kinds, title }: Market): string =>
  text({
    title: `The payloads of the exchange (original_data) of ${title}, as far as they are checked`,
    $defs: Object.fromEntries(
      kinds.map(({ name, payload, title }) => [name, { title, ...Schema.toJsonSchemaDocument(payload).schema }])
    )
  })

/** Each file and what it should hold. */
export const files = (): ReadonlyArray<{ readonly file: URL; readonly content: string }> => {
  const at = (name: string): URL => new URL(`../docs/${name}.schema.json`, import.meta.url)
  return [
    { file: at("envelope"), content: render(Envelope) },
    { file: at("payloads"), content: payloads(spot) },
    { file: at("usdm-payloads"), content: payloads(usdm) },
    { file: at("continuity"), content: render(Continuity) },
    { file: at("dead-letter-headers"), content: render(DeadLetterHeaders) },
    { file: at("position"), content: render(StoredPosition) }
  ]
}

if (import.meta.main) for (const { content, file } of files()) writeFileSync(file, content)
