/** The connector's pipeline over a sink that only counts: what it costs without Kafka, and without the spool before it. */
import process from "node:process"
import { run } from "../../../src/index.ts"
import { sayCount } from "../count.ts"

const counter = sayCount()
const stopping = new AbortController()
process.once("SIGTERM", () => stopping.abort())
const store = (batch: ReadonlyArray<unknown>) => {
  counter.add(batch.length)
  return Promise.resolve()
}
await run({ settings: process.env, signal: stopping.signal, store })
counter.close()
