/**
 * The ids seen of one sequence, as disjoint ranges in order: a sequence without holes is one range, however long it is.
 */
import type { Span } from "../schema/StreamKind.ts"

interface Range {
  first: number
  last: number
}

export interface Spans {
  /** Adds a span; `false` if all of it was there before. */
  readonly add: (span: Span) => boolean
  readonly remove: (span: Span) => void
  readonly first: () => number | undefined
  readonly last: () => number | undefined
  /** All of it, in order. */
  readonly ranges: () => ReadonlyArray<Span>
  /** What lies between the lowest and the highest id and was never added. */
  readonly missing: () => ReadonlyArray<Span>
  /** Whether all of a span was added. */
  readonly covers: (span: Span) => boolean
  /** The parts of a span that were added, in order. */
  readonly within: (span: Span) => ReadonlyArray<Span>
  /** The parts of a span that were not, in order. */
  readonly lacking: (span: Span) => ReadonlyArray<Span>
}

export const make = (): Spans => {
  const ranges: Array<Range> = []

  /** The index of the first range that ends at `id` or later. */
  const indexOf = (id: number): number => {
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = ranges[middle]
      if (range !== undefined && range.last < id) low = middle + 1
      else high = middle
    }
    return low
  }

  const add = ({ first, last }: Span): boolean => {
    const newest = ranges.at(-1)
    // Nearly every span follows the one before it.
    if (newest !== undefined && first === newest.last + 1) {
      newest.last = last
      return true
    }
    // From here on every range up to `to` overlaps the span or touches it.
    const from = indexOf(first - 1)
    const start = ranges[from]
    if (start !== undefined && start.first <= first && last <= start.last) return false
    let to = from
    const merged = { first, last }
    for (let range = start; range !== undefined && range.first <= last + 1; range = ranges[to]) {
      merged.first = Math.min(merged.first, range.first)
      merged.last = Math.max(merged.last, range.last)
      to++
    }
    ranges.splice(from, to - from, merged)
    return true
  }

  const within = ({ first, last }: Span): ReadonlyArray<Span> => {
    const parts: Array<Span> = []
    for (let index = indexOf(first); index < ranges.length; index++) {
      const range = ranges[index]
      if (range === undefined || range.first > last) break
      parts.push({ first: Math.max(first, range.first), last: Math.min(last, range.last) })
    }
    return parts
  }

  const lacking = ({ first, last }: Span): ReadonlyArray<Span> => {
    const parts: Array<Span> = []
    let from = first
    for (const part of within({ first, last })) {
      if (from < part.first) parts.push({ first: from, last: part.first - 1 })
      from = part.last + 1
    }
    if (from <= last) parts.push({ first: from, last })
    return parts
  }

  const remove = ({ first, last }: Span): void => {
    const from = indexOf(first)
    let to = from
    const left: Array<Range> = []
    for (let range = ranges[from]; range !== undefined && range.first <= last; range = ranges[++to]) {
      if (range.first < first) left.push({ first: range.first, last: first - 1 })
      if (range.last > last) left.push({ first: last + 1, last: range.last })
    }
    ranges.splice(from, to - from, ...left)
  }

  return {
    add,
    remove,
    within,
    lacking,
    first: () => ranges[0]?.first,
    last: () => ranges.at(-1)?.last,
    ranges: () => ranges.map(({ first, last }) => ({ first, last })),
    covers: ({ first, last }) => {
      const range = ranges[indexOf(first)]
      return range !== undefined && range.first <= first && last <= range.last
    },
    missing: () =>
      ranges.slice(1).map((range, index) => ({ first: (ranges[index]?.last ?? 0) + 1, last: range.first - 1 }))
  }
}
