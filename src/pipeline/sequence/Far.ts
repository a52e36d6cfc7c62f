/**
 * What is so far ahead that it may be a fault of the sender's: it waits until the history knows of it, or until so many follow
 * one another that it is no fault.
 */
import type { Entry } from "./HistoryWalk.ts"

const MOST = 100

export const make = <A>() => {
  /** By their ids, each once: two connections bring the same. */
  let entries: Array<Entry<A>> = []
  const take = (): ReadonlyArray<Entry<A>> => {
    const taken = entries
    entries = []
    return taken
  }
  return {
    isEmpty: (): boolean => entries.length === 0,
    take,
    has: ({ first }: Entry<A>): boolean => entries.some((one) => one.first === first),
    /** Once enough have come, all of them: as a run, or as what does not count on. */
    add: (entry: Entry<A>): { readonly isRun: boolean; readonly entries: ReadonlyArray<Entry<A>> } | undefined => {
      entries.splice(entries.findLastIndex(({ first }) => first < entry.first) + 1, 0, entry)
      if (entries.length < MOST) return undefined
      const all = take()
      return { isRun: all.every(({ first }, n) => n === 0 || first === (all[n - 1]?.last ?? 0) + 1), entries: all }
    }
  }
}
