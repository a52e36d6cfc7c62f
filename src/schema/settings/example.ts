/** A `.env` file with every setting, commented out. */
import type { Variable } from "./Variable.ts"
import { groups } from "./variables.ts"

const sample = ({ default: fallback, doc, example, name }: Variable<unknown>): string =>
  `# ${doc.replaceAll("`", "")}\n# ${name}=${fallback === undefined || fallback === "" ? example : fallback}`

export const example = `# Copy to .env and uncomment what should differ. The environment goes before this file.
# Written by: binance-kafka-connector config --example
${groups.map((group) => `\n## ${group.title}\n\n${group.variables.map(sample).join("\n\n")}\n`).join("")}`
