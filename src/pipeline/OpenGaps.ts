/** From the continuity records of a topic, in their order: the holes of each stream that were opened and not closed. */
import type { Continuity } from "../schema/Continuity.ts"
import type { Span } from "../schema/StreamKind.ts"

export interface OpenGaps {
  readonly add: (record: Pick<Continuity, "type" | "stream" | "from" | "to">) => void
  /** Those of a stream up to `last`; of what was written late, up to `late`, nothing is missing any more. */
  readonly of: (stream: string, last: number, late?: number) => ReadonlyArray<Span>
  /** What of them was written late, up to `late`, though no record says that it is filled. */
  readonly filled: (stream: string, late: number) => ReadonlyArray<Span>
  /** What of a stream's holes no record speaks of. */
  readonly unmentioned: (stream: string, holes: ReadonlyArray<Span>) => ReadonlyArray<Span>
}

/** What is left of the spans without `cut`. */
const without = (spans: ReadonlyArray<Span>, cut: Span): ReadonlyArray<Span> =>
  spans.flatMap((span) =>
    [
      { first: span.first, last: Math.min(span.last, cut.first - 1) },
      { first: Math.max(span.first, cut.last + 1), last: span.last }
    ].filter(({ first, last }) => first <= last)
  )

export const make = (): OpenGaps => {
  const open = new Map<string, ReadonlyArray<Span>>()
  const mentioned = new Map<string, Array<Span>>()
  return {
    add: ({ from, stream, to, type }) => {
      if (from === null || to === null) return
      const gap = { first: from, last: to }
      const before = without(open.get(stream) ?? [], gap)
      if (type === "gap-opened")
        open.set(
          stream,
          [...before, gap].toSorted((a, b) => a.first - b.first)
        )
      else if (type === "gap-filled" || type === "gap-confirmed") open.set(stream, before)
      else return
      const all = mentioned.get(stream) ?? []
      mentioned.set(stream, all)
      all.push(gap)
    },
    of: (stream, last, late = Number.NEGATIVE_INFINITY) => {
      const known = without(open.get(stream) ?? [], { first: Number.NEGATIVE_INFINITY, last: late })
      return without(known, { first: last + 1, last: Number.POSITIVE_INFINITY })
    },
    filled: (stream, late) => without(open.get(stream) ?? [], { first: late + 1, last: Number.POSITIVE_INFINITY }),
    unmentioned: (stream, holes) => (mentioned.get(stream) ?? []).reduce(without, holes)
  }
}
