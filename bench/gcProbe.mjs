// Loaded before a contestant: notes how long its garbage collections took, all together, every half second.
import { appendFileSync } from "node:fs"
import { PerformanceObserver } from "node:perf_hooks"
import process from "node:process"

const file = process.env["BENCH_GC_FILE"]
if (file !== undefined) {
  let total = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) total += duration
  }).observe({ entryTypes: ["gc"] })
  const note = () => appendFileSync(file, `${Date.now()} ${total.toFixed(1)}\n`)
  setInterval(note, 500).unref()
  process.on("exit", note)
}
