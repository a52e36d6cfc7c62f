/** What a run leaves behind: JSON lines as it goes, then the tables and the pictures. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Measurement } from "../cells/Cell.ts"
import type { Machine } from "../machine.ts"
import { barsTable } from "./bars.ts"
import { pictures } from "./pictures.ts"
import { cellTables } from "./tables.ts"

const FOLDER = fileURLToPath(new URL("../results/", import.meta.url))

export interface Results {
  readonly add: (measurement: Measurement) => void
  /** Writes tables and pictures, says the tables, and gives all that was measured. */
  readonly close: () => ReadonlyArray<Measurement>
}

const machineLine = (machine: Machine): string =>
  `${machine.cpu}, ${machine.cores} cores${machine.pinned ? ", contestants on one of them" : ""}; Node ${machine.node}, Kafka ${machine.kafka}, effect ${machine.effect}, kafkajs ${machine.kafkajs}, @platformatic/kafka ${machine.platformatic}; revision ${machine.revision}`

export const open = (machine: Machine): Results => {
  mkdirSync(FOLDER, { recursive: true })
  const at = new Date()
  const name = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")
  const measurements: Array<Measurement> = []
  return {
    add: (measurement) => {
      measurements.push(measurement)
      const line = { at: new Date().toISOString(), ...measurement, machine }
      appendFileSync(`${FOLDER}${name}.jsonl`, `${JSON.stringify(line)}\n`)
    },
    close: () => {
      const drawn = pictures(measurements)
      for (const [picture, svg] of drawn) writeFileSync(`${FOLDER}${name}-${picture}.svg`, svg)
      const text = [
        `# Benchmark of ${at.toISOString().slice(0, 16)}Z`,
        machineLine(machine),
        barsTable(measurements),
        cellTables(measurements),
        ...[...drawn.keys()].map((picture) => `![${picture}](${name}-${picture}.svg)`)
      ].join("\n\n")
      writeFileSync(`${FOLDER}${name}.md`, `${text}\n`)
      process.stdout.write(`${text}\n`)
      return measurements
    }
  }
}
