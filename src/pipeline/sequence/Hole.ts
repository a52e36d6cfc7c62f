/** A hole that is being filled in place: newer ones wait behind it, or are not kept. */
import * as HistoryWalk from "./HistoryWalk.ts"

export interface Hole {
  readonly walk: HistoryWalk.Walk
  /** When it last got anything; all times are monotonic, in ms. */
  progressAt: number
  /** It has waited too long: the next live one goes past it. */
  overdue: boolean
  /** The history has been asked. */
  asked: boolean
  /** What the history has filled of it. */
  readonly filled: Array<{ first: number; last: number }>
}

export const begin = (now: number, askAt: number): Hole => ({
  walk: HistoryWalk.begin(askAt),
  progressAt: now,
  overdue: false,
  asked: false,
  filled: []
})

export const progressed = (hole: Hole | undefined, now: number): void => {
  if (hole === undefined) return
  hole.progressAt = now
  hole.overdue = false
}
