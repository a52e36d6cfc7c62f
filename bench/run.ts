/** The benchmark: `npm run bench`. */
import process from "node:process"
import { parseArgs } from "node:util"
import { cells } from "./cells/index.ts"
import type { Measurement } from "./cells/Cell.ts"
import * as Lab from "./Lab.ts"
import { pinSelf } from "./machine.ts"

const { values } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    cells: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" }
  }
})
const say = (text: string) => process.stdout.write(`${text}\n`)
pinSelf()
const size = { isQuick: values.quick, rounds: values.rounds === undefined ? undefined : Number(values.rounds) }
const lab = await Lab.open()
try {
  for (const cell of cells) {
    for (let round = 1; round <= cell.rounds(size); round++) {
      for (const { contestant, run, variant } of cell.cases(size)) {
        const result = await run(lab)
        const line: Measurement = { cell: cell.name, variant, contestant: contestant.name, round, ...result }
        say(JSON.stringify(line))
      }
    }
  }
} finally {
  await lab.close()
}
process.exit(0)
