/** A contestant as a running process. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { type Contestant, type Job, streamsFile } from "./contestants/job.ts"
import { onOwnCore } from "./machine.ts"
import * as Usage from "./Usage.ts"

const GC_PROBE = fileURLToPath(new URL("gcProbe.mjs", import.meta.url))
const STOP_LIMIT = 30_000

export interface Contender {
  readonly pid: number
  readonly isRunning: () => boolean
  readonly cpuSeconds: () => number
  readonly peakMegabytes: () => number
  readonly residentMegabytes: () => number
  /** How long it has collected garbage until a moment (ms). */
  readonly collectedMillis: (at: number) => number
  /** What a contestant without Kafka has counted last. */
  readonly counted: () => { readonly at: number; readonly count: number }
  /** SIGTERM, and SIGKILL to what does not end by it: false then. */
  readonly stop: () => Promise<boolean>
  readonly kill: () => Promise<void>
}

/** `BENCH_PROFILE=<folder>`: where a CPU profile of every contestant goes; `BENCH_NODE`: further flags of Node. */
const flags = (): ReadonlyArray<string> => {
  const folder = process.env["BENCH_PROFILE"]
  const more = process.env["BENCH_NODE"]?.split(" ").filter((flag) => flag !== "") ?? []
  return folder === undefined ? more : ["--cpu-prof", `--cpu-prof-dir=${folder}`, ...more]
}

export const start = (contestant: Contestant, job: Job): Contender => {
  const { args, environment } = contestant.command(job)
  mkdirSync(job.folder, { recursive: true })
  writeFileSync(streamsFile(job), job.streams.join("\n"))
  const gcFile = `${job.folder}/gc`
  writeFileSync(gcFile, `${Date.now()} 0\n`)
  const [command = "", ...rest] = onOwnCore([process.execPath, ...flags(), "--import", GC_PROBE, ...args])
  const child = spawn(command, rest, {
    cwd: job.folder,
    env: { PATH: process.env["PATH"] ?? "", BENCH_GC_FILE: gcFile, ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${contestant.name} cannot be started`)
  const log = createWriteStream(`${job.folder}/log`, { flags: "a" })
  child.stderr.pipe(log)

  let last = { at: Date.now(), count: 0 }
  child.stdout.on("data", (data) => {
    const [at = 0, count = 0] = String(data).trimEnd().split("\n").at(-1)?.split(" ").map(Number) ?? []
    if (!contestant.storesInKafka) last = { at, count }
  })
  let running = true
  const exited = once(child, "exit").then(() => {
    running = false
  })
  const abandon = () => child.kill("SIGKILL")
  process.once("exit", abandon)
  void exited.then(() => process.off("exit", abandon))

  return {
    pid,
    isRunning: () => running,
    cpuSeconds: () => Usage.cpuSeconds(pid),
    peakMegabytes: () => Usage.peakMegabytes(pid),
    residentMegabytes: () => Usage.residentMegabytes(pid),
    collectedMillis: (at) => Usage.collectedMillis(gcFile, at),
    counted: () => last,
    stop: async () => {
      child.kill("SIGTERM")
      const late = setTimeout(STOP_LIMIT, true, { ref: false })
      const isLate = await Promise.race([exited, late])
      if (isLate === true) child.kill("SIGKILL")
      await exited
      return isLate !== true
    },
    kill: async () => {
      child.kill("SIGKILL")
      await exited
    }
  }
}
