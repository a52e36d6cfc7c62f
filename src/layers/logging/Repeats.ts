/**
 * Keeps a flood of one message from drowning the rest: a few lines of it pass at once, what comes beyond them is said by one
 * line an interval, the last of them with `repeated`, the number that it stands for. Nothing is left out silently. Only
 * warnings and errors are held to it.
 */
import type { Line } from "./Line.ts"

/** So many lines of one message pass in an interval: those of a few streams or connections at once are no flood. */
export const AT_ONCE = 5

/** Fields that count what a line is about: they are summed up over the lines that one stands for. */
const COUNTS = ["records", "frames"]

interface Flood {
  /** Lines that have passed in this interval. */
  passed: number
  /** The line that stands for those held back. */
  held: Line | undefined
  repeated: number
}

export interface Repeats {
  /** Whether the line is to be written now; if not, `due` will give one that stands for it. */
  readonly pass: (line: Line) => boolean
  /** An interval is over: what was held back in it. */
  readonly due: () => ReadonlyArray<Line>
}

const sum = (before: unknown, now: unknown): unknown =>
  typeof before === "number" && typeof now === "number" ? before + now : now

const merged = (before: Line | undefined, line: Line): Line => {
  if (before === undefined) return line
  const counts = COUNTS.filter((name) => name in line.fields).map((name) => [
    name,
    sum(before.fields[name], line.fields[name])
  ])
  return { ...line, fields: { ...line.fields, ...Object.fromEntries(counts) } }
}

export const make = (): Repeats => {
  const floods = new Map<string, Flood>()

  return {
    pass: (line) => {
      if (line.level !== "Warn" && line.level !== "Error") return true
      const key = `${line.level} ${line.message}`
      const flood = floods.get(key) ?? { passed: 0, held: undefined, repeated: 0 }
      floods.set(key, flood)
      if (flood.passed < AT_ONCE) {
        flood.passed++
        return true
      }
      flood.held = merged(flood.held, line)
      flood.repeated++
      return false
    },
    due: () => {
      const lines: Array<Line> = []
      for (const [key, flood] of floods) {
        const { held, repeated } = flood
        if (held === undefined) floods.delete(key)
        else {
          lines.push({ ...held, fields: { ...held.fields, repeated } })
          // It goes on: one line an interval is enough.
          floods.set(key, { passed: AT_ONCE, held: undefined, repeated: 0 })
        }
      }
      return lines
    }
  }
}
