/** Whether all that comes of a stream had been published before: its ids have begun anew, below those that its topic holds. */
import type { StreamCell } from "../../services/Status.ts"

/** Seconds with nothing else: where connections overlap, one with nothing else may be. */
const ENOUGH = 5

interface Seen extends Pick<StreamCell, "events" | "duplicates" | "lastId"> {
  seconds: number
}

/** Looks at a stream once a second; undefined: nothing has come of it. */
export const make = () => {
  const all = new Map<StreamCell, Seen>()

  return (cell: StreamCell): boolean | undefined => {
    const { duplicates, events, lastId } = cell
    const seen = all.get(cell)
    if (seen === undefined) return void all.set(cell, { duplicates, events, lastId, seconds: 0 })
    if (events === seen.events) return undefined
    const nothingNew = duplicates - seen.duplicates >= events - seen.events && lastId === seen.lastId
    const seconds = nothingNew ? seen.seconds + 1 : 0
    Object.assign(seen, { duplicates, events, lastId, seconds })
    return seconds >= ENOUGH
  }
}
