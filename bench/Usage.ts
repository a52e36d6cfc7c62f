/** What a process has used so far: `/proc`, and the notes of `gcProbe.mjs`. */
import { readFileSync } from "node:fs"

/** The kernel's unit of CPU time, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** All threads, user and system, in seconds. */
export const cpuSeconds = (pid: number): number => {
  // The name in parentheses may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

const megabytes = (pid: number, field: string): number => {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}

export const peakMegabytes = (pid: number): number => megabytes(pid, "VmHWM")
export const residentMegabytes = (pid: number): number => megabytes(pid, "VmRSS")

/** How long it collected garbage until each moment; between two notes, the share of the time between them. */
export const collectedMillis = (file: string, at: number): number => {
  const notes = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ").map(Number))
  let [before = 0, known = 0] = notes[0] ?? []
  for (const [time = 0, total = 0] of notes) {
    if (time >= at) return time === before ? total : known + ((total - known) * (at - before)) / (time - before)
    before = time
    known = total
  }
  return known
}

/** How long a core was busy since the machine's start, and how long it was there, in seconds. */
export const coreSeconds = (core: string): { readonly busy: number; readonly all: number } => {
  const line =
    readFileSync("/proc/stat", "utf8")
      .split("\n")
      .find((one) => one.startsWith(`cpu${core} `)) ?? ""
  const ticks = line.split(" ").slice(1, 9).map(Number)
  const all = ticks.reduce((sum, value) => sum + value, 0)
  const [, , , idle = 0, waiting = 0] = ticks
  return { busy: (all - idle - waiting) / TICKS_PER_SECOND, all: all / TICKS_PER_SECOND }
}
