/** The independent consumer as the runner sees it: a process of its own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Query, Summary } from "./observer/Latencies.ts"

const MAIN = fileURLToPath(new URL("observer/main.ts", import.meta.url))

export interface Observer {
  readonly ask: (query: Query) => Promise<Summary>
  readonly close: () => Promise<void>
}

export const open = async (bootstrap: string, prefix: string): Promise<Observer> => {
  const child = spawn(process.execPath, [MAIN, "--bootstrap", bootstrap, "--prefix", prefix], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const exited = once(child, "exit")
  const lines = createInterface(child.stdout)
  await Promise.race([once(lines, "line"), exited.then(() => Promise.reject(new Error("the observer has ended")))])
  return {
    ask: async (query) => {
      const answer = once(lines, "line")
      child.stdin.write(`${JSON.stringify(query)}\n`)
      const [line] = await answer
      return JSON.parse(String(line))
    },
    close: async () => {
      child.stdin.end()
      await exited
    }
  }
}
