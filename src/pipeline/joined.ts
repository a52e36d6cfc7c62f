/** Spans in order, those that overlap or touch as one. */
import type { Span } from "../schema/StreamKind.ts"

export const joined = (spans: ReadonlyArray<Span>): Array<{ first: number; last: number }> => {
  const all: Array<{ first: number; last: number }> = []
  for (const { first, last } of spans.toSorted((a, b) => a.first - b.first)) {
    const before = all.at(-1)
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last)
    else all.push({ first, last })
  }
  return all
}
