/** The process's own metrics: asked for whenever metrics are read. */
import { readdirSync } from "node:fs"
import { performance } from "node:perf_hooks"
import process from "node:process"
import { Effect, Layer } from "effect"
import * as plain from "../services/telemetry/plain.ts"
import * as metrics from "../services/telemetry/process.ts"

const openFiles = (): number => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return 0
  }
}

const cpuSeconds = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

export const layer: Layer.Layer<never> = Layer.effectDiscard(
  Effect.gen(function* () {
    yield* plain.total(metrics.cpu, cpuSeconds)
    yield* plain.total(metrics.eventLoopActive, () => performance.eventLoopUtilization().active / 1000)
    yield* plain.gauge(metrics.residentMemory, () => process.memoryUsage.rss())
    yield* plain.gauge(metrics.heapUsed, () => process.memoryUsage().heapUsed)
    yield* plain.gauge(metrics.heapTotal, () => process.memoryUsage().heapTotal)
    yield* plain.gauge(metrics.external, () => process.memoryUsage().external)
    yield* plain.gauge(metrics.openFiles, openFiles)
    yield* plain.gauge(metrics.startTime, () => performance.timeOrigin / 1000)
  })
)
