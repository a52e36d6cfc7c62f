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
  const nextLine = async (): Promise<string> => {
    const [line] = await Promise.race([
      once(lines, "line"),
      exited.then(() => Promise.reject(new Error("the observer has ended by itself")))
    ])
    return String(line)
  }
  await nextLine()
  return {
    ask: async (query) => {
      const answer = nextLine()
      child.stdin.write(`${JSON.stringify(query)}\n`)
      return JSON.parse(await answer)
    },
    close: async () => {
      child.stdin.end()
      await exited
    }
  }
}
