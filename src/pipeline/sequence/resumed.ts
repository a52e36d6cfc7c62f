import type { Position } from "../Standing.ts"
import type { Range } from "./HistoryWalk.ts"

export interface Resumed {
  /** To be filled late. */
  readonly open: ReadonlyArray<Range>
  /** Open gaps that are none any more: nothing newer is stored, it follows in place. */
  readonly follows: ReadonlyArray<Range>
  readonly unsaid: ReadonlyArray<Range>
}

/** What a position leaves to do; `began`: the first id of this run, if live has begun. From there on nothing is an earlier one's. */
export const resumed = ({ gaps, last, unsaid = [] }: Position, began: number | undefined): Resumed => {
  const upTo = Math.min(last, (began ?? Infinity) - 1)
  const from = began ?? last + 1
  return {
    open: gaps.flatMap((gap) => (gap.first <= upTo ? [{ first: gap.first, last: Math.min(gap.last, upTo) }] : [])),
    follows: gaps.flatMap((gap) => (gap.last >= from ? [{ first: Math.max(gap.first, from), last: gap.last }] : [])),
    unsaid: unsaid.filter((range) => range.last <= upTo)
  }
}
