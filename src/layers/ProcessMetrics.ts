/** The process's own metrics, by the names that dashboards expect; they are true as of the last `refresh`. */
import { performance } from "node:perf_hooks"
import process from "node:process"
import { Effect, Metric } from "effect"

const residentMemory = Metric.gauge("process_resident_memory_bytes", { description: "Resident memory size in bytes" })
const startTime = Metric.gauge("process_start_time_seconds", {
  description: "When the process started, in seconds since the Unix epoch"
})
const cpu = Metric.counter("process_cpu_seconds_total", {
  description: "User and system CPU time spent, in seconds",
  incremental: true
})

export const refresh = Effect.gen(function* () {
  const { system, user } = process.cpuUsage()
  yield* Metric.update(residentMemory, process.memoryUsage.rss())
  yield* Metric.update(startTime, performance.timeOrigin / 1000)
  const { count } = yield* Metric.value(cpu)
  yield* Metric.update(cpu, (system + user) / 1e6 - count)
})
