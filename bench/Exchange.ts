/** The generator as the runner sees it: a fresh process for each run. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Report } from "./generator/main.ts"

const MAIN = fileURLToPath(new URL("generator/main.ts", import.meta.url))

export interface Exchange {
  readonly port: number
  /** Events a second; 0: as fast as they are taken. */
  readonly start: (rate: number) => Promise<void>
  readonly stop: () => Promise<void>
  readonly skip: (symbol: string, ids: number) => Promise<void>
  readonly report: () => Promise<Report>
  readonly close: () => Promise<void>
}

export const open = async (streams: number): Promise<Exchange> => {
  const child = spawn(process.execPath, [MAIN, "--streams", String(streams)], { stdio: ["pipe", "pipe", "inherit"] })
  const exited = once(child, "exit")
  const [line] = await once(createInterface(child.stdout), "line")
  const { port }: { port: number } = JSON.parse(String(line))
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/control/${path}`)
    return response.text()
  }
  return {
    port,
    start: async (rate) => void (await ask(`start?rate=${rate}`)),
    stop: async () => void (await ask("stop")),
    skip: async (symbol, ids) => void (await ask(`skip?symbol=${symbol}&ids=${ids}`)),
    report: async () => JSON.parse(await ask("report")),
    close: async () => {
      child.stdin.end()
      await exited
    }
  }
}
