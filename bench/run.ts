/** The benchmark: `npm run bench`. */
import { appendFileSync, mkdirSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Cell, Measurement, Size } from "./cells/Cell.ts"
import { cells } from "./cells/index.ts"
import { everyone } from "./contestants/index.ts"
import * as Lab from "./Lab.ts"
import * as Machine from "./machine.ts"
import { table } from "./report/table.ts"

const USAGE = `npm run bench -- [options]
  --list              the cells, and who takes part
  --cells a,b         these cells alone
  --only a,b          these contestants alone
  --quick             a smaller run, under 5 minutes
  --rounds n          how often each is measured
`
const RESULTS = fileURLToPath(new URL("results/", import.meta.url))

const say = (text: string) => process.stdout.write(`${text}\n`)
const note = (text: string) => process.stderr.write(`${text}\n`)

const fail = (text: string): never => {
  process.stderr.write(`${text}\n\n${USAGE}`)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    cells: { type: "string" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" }
  }
})

if (values.list) {
  for (const { about, isOnRequest, name } of cells)
    say(`${name.padEnd(24)} ${about}${isOnRequest ? " (on request)" : ""}`)
  say("")
  for (const { about, name } of everyone) say(`${name.padEnd(24)} ${about}`)
  process.exit(0)
}

const size: Size = { isQuick: values.quick }

const chosen = (): ReadonlyArray<Cell> => {
  if (values.cells === undefined) {
    return cells.filter(({ isInQuick, isOnRequest }) => isOnRequest !== true && (!size.isQuick || isInQuick === true))
  }
  return values.cells
    .split(",")
    .map((name) => cells.find((cell) => cell.name === name) ?? fail(`--cells ${name}: there is no such cell`))
}

const names = values.only?.split(",")
for (const name of names ?? []) {
  if (!everyone.some((one) => one.name === name)) fail(`--only ${name}: there is no such contestant`)
}

const roundsOf = (cell: Cell): number => {
  const rounds = values.rounds === undefined ? cell.rounds(size) : Number(values.rounds)
  return Number.isInteger(rounds) && rounds > 0 ? rounds : fail(`--rounds ${values.rounds}: expected a whole number`)
}

const plan = chosen().flatMap((cell) =>
  Array.from({ length: roundsOf(cell) }, (_, index) => index + 1).flatMap((round) => {
    const cases = cell.cases(size).filter(({ contestant }) => names?.includes(contestant.name) ?? true)
    // Who goes first changes: what a predecessor leaves behind is not always the same one's.
    const ordered = round % 2 === 0 ? cases.toReversed() : cases
    return ordered.map((one) => ({ cell, round, one }))
  })
)

Machine.pinSelf()
const began = performance.now()
const machine = Machine.describe()
const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")
mkdirSync(RESULTS, { recursive: true })
const lines = `${RESULTS}${stamp}.jsonl`

/** Ctrl-C: what was started ends in order. */
const stopping = new AbortController()
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort())

const measurements: Array<Measurement> = []
const lab = await Lab.open()
try {
  for (const { cell, one, round } of plan) {
    if (stopping.signal.aborted) break
    const { contestant, run, variant } = one
    const result = await run(lab).catch((error: unknown) => ({ figures: {}, faults: [`failed: ${String(error)}`] }))
    const measurement = { cell: cell.name, variant, contestant: contestant.name, round, ...result }
    measurements.push(measurement)
    appendFileSync(lines, `${JSON.stringify({ at: new Date().toISOString(), ...measurement, machine })}\n`)
    const seconds = Math.round((performance.now() - began) / 1000)
    note(`${seconds} s ${cell.name} ${variant} round ${round} ${contestant.name} ${result.faults.join(", ")}`)
  }
} finally {
  await lab.close()
}
say(table(measurements))
process.exit(0)
