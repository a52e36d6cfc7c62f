/** The machine of a run: which cores are whose, and what to say of it beside every figure. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import os from "node:os"
import process from "node:process"

const CONTESTANT_CORE = "0"
/** Of broker, generator, observer and runner. */
export const OTHER_CORE = "1"

const hasTaskset = (() => {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

export const isPinned = hasTaskset && os.cpus().length >= 2

/** This process, and with it all that it starts: broker, generator, observer. */
export const pinSelf = (): void => {
  if (isPinned) execFileSync("taskset", ["-a", "-c", "-p", OTHER_CORE, String(process.pid)], { stdio: "ignore" })
}

/** The command of a contestant, on a core of its own. */
export const onOwnCore = (command: ReadonlyArray<string>): ReadonlyArray<string> =>
  isPinned ? ["taskset", "-c", CONTESTANT_CORE, ...command] : command

const versionOf = (name: string): string => {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")
  )
  return version
}

const tryVersion = (name: string): string | undefined => {
  try {
    return versionOf(name)
  } catch {
    return undefined
  }
}

const gitRevision = (): string | undefined => {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8", stdio: "pipe" }).trim()
  } catch {
    return undefined
  }
}

export const describe = () => ({
  node: process.versions.node,
  v8: process.versions.v8,
  kafka: "4.3.1",
  effect: tryVersion("effect"),
  kafkajs: tryVersion("kafkajs"),
  platformatic: tryVersion("@platformatic/kafka"),
  revision: gitRevision(),
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.cpus().length,
  memoryMegabytes: Math.round(os.totalmem() / 1024 / 1024),
  kernel: os.release(),
  pinned: isPinned
})
export type Machine = ReturnType<typeof describe>
