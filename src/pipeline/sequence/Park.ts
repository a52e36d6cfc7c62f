/** What waits behind a hole, in order and each once. */
import type { Entry } from "./HistoryWalk.ts"

export interface Park<A> {
  /** False if all of it waits already. */
  readonly add: (entry: Entry<A>) => boolean
  readonly first: () => Entry<A> | undefined
  readonly last: () => Entry<A> | undefined
  readonly size: () => number
  readonly bytes: () => number
  /** Takes out one after the other as long as each begins at `next` or before, and gives it to `take`. */
  readonly release: (next: () => number, take: (entry: Entry<A>) => void) => void
  readonly clear: () => void
}

export const make = <A>(): Park<A> => {
  let entries: Array<Entry<A>> = []
  let bytes = 0
  return {
    add: (entry) => {
      let place = entries.length
      while (place > 0 && (entries[place - 1]?.first ?? 0) > entry.first) place--
      const before = entries[place - 1]
      if (before !== undefined && before.last >= entry.last) return false
      entries.splice(place, 0, entry)
      bytes += entry.bytes
      return true
    },
    first: () => entries[0],
    last: () => entries.at(-1),
    size: () => entries.length,
    bytes: () => bytes,
    release: (next, take) => {
      let released = 0
      for (let entry = entries[0]; entry !== undefined && entry.first <= next(); entry = entries[released]) {
        bytes -= entry.bytes
        released++
        take(entry)
      }
      if (released > 0) entries = entries.slice(released)
    },
    clear: () => {
      entries = []
      bytes = 0
    }
  }
}
