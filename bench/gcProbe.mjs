// Loaded before a contestant: notes how long its garbage collections took, all together, at most every half second. What
// collects nothing is not woken.
import { appendFileSync } from "node:fs"
import { PerformanceObserver } from "node:perf_hooks"
import process from "node:process"

const file = process.env["BENCH_GC_FILE"]
if (file !== undefined) {
  let total = 0
  let timer
  const note = () => {
    timer = undefined
    appendFileSync(file, `${Date.now()} ${total.toFixed(1)}\n`)
  }
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) total += duration
    timer ??= setTimeout(note, 500).unref()
  }).observe({ entryTypes: ["gc"] })
  process.on("exit", note)
}
