/** Reads a run's topics while they grow, and answers what is asked on stdin: how long records of a time took. */
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { eventTime, symbolOf } from "../kafka/events.ts"
import * as Reader from "../kafka/Reader.ts"
import { PARTITIONS, topicOf } from "../kafka/layout.ts"
import * as Latencies from "./Latencies.ts"

const { values } = parseArgs({ options: { bootstrap: { type: "string" }, prefix: { type: "string" } } })
const { bootstrap = "", prefix = "" } = values

const latencies = Latencies.make()
const symbols = new Map<string, number>()
const indexOf = (symbol: string): number => {
  const index = symbols.get(symbol) ?? symbols.size
  symbols.set(symbol, index)
  return index
}

createInterface(process.stdin)
  .on("line", (line) => {
    const { from, to, without }: Latencies.Query = JSON.parse(line)
    const summary = latencies.between(from, to, without === undefined ? undefined : indexOf(without))
    process.stdout.write(`${JSON.stringify(summary)}\n`)
  })
  .once("close", () => process.exit(0))

const positions = Object.values(topicOf).flatMap((name) =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: prefix + name, partition, next: 0 }))
)
const reader = await Reader.open(bootstrap, positions)
process.stdout.write("ready\n")
for (;;) {
  await reader.poll(() => {
    const now = Date.now()
    return (records, valueAt) => latencies.add(indexOf(symbolOf(records, valueAt)), eventTime(records, valueAt), now)
  })
}
