/** The benchmark: `npm run bench`. */
import process from "node:process"
import { parseArgs } from "node:util"
import type { Measurement, Result } from "./cells/Cell.ts"
import { floodOnce } from "./cells/flood.ts"
import { cells } from "./cells/index.ts"
import { barePlatformatic, everyone } from "./contestants/index.ts"
import { guard } from "./guard.ts"
import * as Lab from "./Lab.ts"
import * as Machine from "./machine.ts"
import * as Plan from "./plan.ts"
import * as Results from "./report/Results.ts"

const USAGE = `npm run bench -- [options]
  --list              the cells, and who takes part
  --cells a,b         these cells alone
  --only a,b          these contestants alone
  --quick             a smaller run, under 5 minutes
  --rounds n          how often each is measured
  --guard             for CI: whether the connector's flood is far below a bare script's; 1 if so
`

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
    rounds: { type: "string" },
    guard: { type: "boolean", default: false }
  }
})

if (values.list) {
  for (const { about, isOnRequest, name } of cells)
    say(`${name.padEnd(26)}${about}${isOnRequest ? " (on request)" : ""}`)
  say("")
  for (const { about, name } of everyone) say(`${name.padEnd(26)}${about}`)
  process.exit(0)
}

const namesOf = (option: "cells" | "only", known: ReadonlyArray<{ readonly name: string }>) =>
  values[option]
    ?.split(",")
    .map((name) =>
      known.some((one) => one.name === name) ? name : fail(`--${option} ${name}: there is none, see --list`)
    )

const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
  fail(`--rounds ${values.rounds}: expected a whole number above 0`)
}
const size = { isQuick: values.quick }
const chosen = Plan.chosen(cells, size, namesOf("cells", cells))
const steps = Plan.steps(chosen, size, { rounds, only: namesOf("only", everyone) })

/** Ctrl-C: what was started ends in order. */
const stopping = new AbortController()
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort())

const failed = (error: unknown): Result => ({ figures: {}, faults: [`failed: ${String(error)}`] })

const measure = async (lab: Lab.Lab): Promise<ReadonlyArray<Measurement>> => {
  const results = Results.open(Machine.describe())
  const began = performance.now()
  // A broker that has just started is slow: its code is not compiled yet.
  await floodOnce(lab, { contestant: barePlatformatic }, size)
  for (const { cell, one, round } of steps) {
    if (stopping.signal.aborted) break
    const { contestant, run, variant } = one
    const result = await run(lab).catch(failed)
    results.add({ cell: cell.name, variant, contestant: contestant.name, round, ...result })
    const seconds = String(Math.round((performance.now() - began) / 1000)).padStart(5)
    note(`${seconds} s  ${cell.name} ${variant} ${contestant.name}, round ${round} ${result.faults.join(", ")}`)
  }
  return results.close()
}

Machine.pinSelf()
const lab = await Lab.open()
let code = 0
try {
  if (values.guard) {
    const { isGood, text } = await guard(lab, say)
    say(`${isGood ? "good" : "BAD"}: ${text}`)
    code = isGood ? 0 : 1
  } else {
    await measure(lab)
  }
} finally {
  await lab.close()
}
process.exit(stopping.signal.aborted ? 1 : code)
