/** One node as a process: formatted once, then started, stopped, killed and frozen at will on the same ports and data. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { classPath } from "./jars.ts"

const LOG4J = fileURLToPath(new URL("log4j2.properties", import.meta.url))
const READY = "Kafka Server started"
const START_LIMIT = 120_000
const STOP_LIMIT = 20_000

export interface NodeOptions {
  readonly folder: string
  readonly name: string
  readonly clusterId: string
  readonly properties: Readonly<Record<string, string | number>>
  readonly heapMegabytes: number
  /** Further arguments of `StorageTool format`. */
  readonly format?: ReadonlyArray<string>
}

export interface KafkaProcess {
  readonly start: () => Promise<void>
  /** As an operator does: SIGTERM, and SIGKILL if that takes too long. */
  readonly stop: () => Promise<void>
  /** As a power cut does. */
  readonly kill: () => Promise<void>
  readonly restart: () => Promise<void>
  /** Freezes it: connections stay open and nothing is answered. */
  readonly pause: () => void
  readonly resume: () => void
}

export const prepare = async (options: NodeOptions): Promise<KafkaProcess> => {
  const { clusterId, folder, heapMegabytes, name, properties } = options
  const config = `${folder}/${name}.properties`
  const log = `${folder}/${name}.log`
  const java = [
    `-Xmx${heapMegabytes}m`,
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    `-Dlog4j2.configurationFile=${LOG4J}`,
    "-cp",
    await classPath()
  ]
  const lines = Object.entries({ ...properties, "log.dirs": `${folder}/${name}-data` })
  await writeFile(config, lines.map(([key, value]) => `${key}=${value}\n`).join(""))
  await promisify(execFile)("java", [
    ...java,
    "kafka.tools.StorageTool",
    "format",
    // One word: an id may begin with a dash.
    `--cluster-id=${clusterId}`,
    "--config",
    config,
    ...(options.format ?? [])
  ])

  let running: ChildProcess | undefined

  const abandon = () => running?.kill("SIGKILL")
  process.once("exit", abandon)

  const start = async () => {
    // A group of its own: Ctrl-C in a terminal is for us, and we stop it in order.
    const child = spawn("java", [...java, "kafka.Kafka", config], { stdio: ["ignore", "pipe", "pipe"], detached: true })
    running = child
    const ready = new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`not ready after ${START_LIMIT} ms`)), START_LIMIT)
      const listen = (data: unknown) => {
        appendFileSync(log, String(data))
        if (!String(data).includes(READY)) return
        clearTimeout(limit)
        resolve()
      }
      child.stdout.on("data", listen)
      child.stderr.on("data", listen)
      child.once("error", reject)
      child.once("exit", (code, signal) => {
        clearTimeout(limit)
        if (running === child) running = undefined
        reject(new Error(`ended with ${code ?? signal}`))
      })
    })
    await ready.catch(async (cause: unknown) => {
      child.kill("SIGKILL")
      const tail = (await readFile(log, "utf8").catch(() => "")).split("\n").slice(-20).join("\n")
      throw new Error(`Kafka (${name}) did not start: ${String(cause)}\n${tail}`, { cause })
    })
  }

  const end = async (signal: NodeJS.Signals) => {
    const child = running
    if (child === undefined) return
    running = undefined
    const exited = once(child, "exit")
    child.kill(signal)
    // A frozen process hears nothing else.
    child.kill("SIGCONT")
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT)
    await exited
    clearTimeout(limit)
  }

  const stop = () => end("SIGTERM")
  return {
    start,
    stop,
    kill: () => end("SIGKILL"),
    restart: async () => {
      await stop()
      await start()
    },
    pause: () => void running?.kill("SIGSTOP"),
    resume: () => void running?.kill("SIGCONT")
  }
}
