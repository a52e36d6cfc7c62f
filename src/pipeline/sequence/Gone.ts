/** Holes that were opened and that no history fills: what comes of them after all is late, and each once. */
import type { Range } from "./HistoryWalk.ts"

/** More are forgotten, the oldest first. */
const MOST = 100

export const make = () => {
  const holes: Array<Range> = []
  return {
    add: (hole: Range): void => {
      holes.push(hole)
      if (holes.length > MOST) holes.shift()
    },
    /** True if it is of a hole, which then lacks it no more. */
    takes: ({ first, last }: Range): boolean => {
      const at = holes.findIndex((hole) => hole.first <= first && last <= hole.last)
      const hole = holes[at]
      if (hole === undefined) return false
      const rest = [
        { first: hole.first, last: first - 1 },
        { first: last + 1, last: hole.last }
      ]
      holes.splice(at, 1, ...rest.filter((range) => range.first <= range.last))
      return true
    }
  }
}
