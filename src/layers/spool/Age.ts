/** How long the oldest record in the spool has waited: when records came is remembered to the second. */

const GRAIN_MS = 1000

export interface Age {
  /** Records with numbers below `end` are there by now (Unix ms). */
  readonly appended: (end: number, now: number) => void
  /** Those below `head` are stored elsewhere. */
  readonly stored: (head: number) => void
  /** ms; 0 where none waits. */
  readonly oldest: (now: number) => number
}

export const make = (): Age => {
  const marks: Array<{ end: number; readonly at: number }> = []
  return {
    appended: (end, now) => {
      const last = marks.at(-1)
      if (end <= (last?.end ?? 0)) return
      if (last !== undefined && now - last.at < GRAIN_MS) last.end = end
      else marks.push({ end, at: now })
    },
    stored: (head) => {
      const first = marks.findIndex(({ end }) => end > head)
      marks.splice(0, first === -1 ? marks.length : first)
    },
    oldest: (now) => {
      const [first] = marks
      return first === undefined ? 0 : Math.max(0, now - first.at)
    }
  }
}
