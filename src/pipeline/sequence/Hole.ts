/** A hole that is being filled in place: newer ones wait behind it, or are not kept. */
import { LONGEST_WAIT_MS } from "./bounds.ts"
import * as HistoryWalk from "./HistoryWalk.ts"
import type { Range } from "./HistoryWalk.ts"

export interface Hole {
  /** When it was detected. */
  readonly since: number
  readonly walk: HistoryWalk.Walk
  /** When it last got anything; all times are monotonic, in ms. */
  progressAt: number
  /** It has waited too long: the next live one goes past it. */
  overdue: boolean
  /** The history has been asked. */
  asked: boolean
  /** What the history has filled of it and nobody was told. */
  filled: ReadonlyArray<Range>
}

export const begin = (now: number, askAt: number): Hole => ({
  since: now,
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

const took = (hole: Hole, { first, last }: Range): void => {
  const newest = hole.filled.at(-1)
  hole.filled =
    newest !== undefined && newest.last + 1 === first
      ? [...hole.filled.slice(0, -1), { first: newest.first, last }]
      : [...hole.filled, { first, last }]
}

/** The history's answer about it. */
export const answered = <A>(
  hole: Hole,
  page: HistoryWalk.HistoryPage<A> | undefined,
  steps: HistoryWalk.Steps<A>,
  now: number
): void => {
  const take = (entry: HistoryWalk.Entry<A>) => {
    took(hole, { first: steps.next(), last: entry.last })
    steps.take(entry)
  }
  if (HistoryWalk.answered(hole.walk, page, { ...steps, take }, now, LONGEST_WAIT_MS)) progressed(hole, now)
}

/** What was filled below `end`; then nobody is told again. */
export const takeFilled = (hole: Hole | undefined, end = Infinity): ReadonlyArray<Range> => {
  if (hole === undefined) return []
  const below = hole.filled.filter(({ first }) => first < end)
  hole.filled = []
  return below.map(({ first, last }) => ({ first, last: Math.min(last, end - 1) }))
}
