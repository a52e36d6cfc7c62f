/** From the continuity records of a topic, in their order: the holes of each stream that were opened and not closed. */
import type { Continuity } from "../schema/Continuity.ts"
import type { Span } from "../schema/StreamKind.ts"
import { joined } from "./joined.ts"
import { without } from "./without.ts"

export interface OpenGaps {
  readonly add: (record: Pick<Continuity, "type" | "stream" | "from" | "to">) => void
  /** Those of a stream up to `last`; the one that holds `late`, the last that was written late, is filled up to there. */
  readonly of: (stream: string, last: number, late?: number) => ReadonlyArray<Span>
  /** What of that one was written late though no record says that it is filled. */
  readonly filled: (stream: string, late: number) => ReadonlyArray<Span>
  /** What of a stream's holes no record speaks of. */
  readonly unmentioned: (stream: string, holes: ReadonlyArray<Span>) => ReadonlyArray<Span>
}

const holds = ({ first, last }: Span, id: number): boolean => first <= id && id <= last

export const make = (): OpenGaps => {
  const open = new Map<string, ReadonlyArray<Span>>()
  const mentioned = new Map<string, Array<Span>>()
  return {
    add: ({ from, stream, to, type }) => {
      if (from === null || to === null) return
      const gap = { first: from, last: to }
      const before = without(open.get(stream) ?? [], gap)
      // Those that touch are filled as one.
      if (type === "gap-opened") open.set(stream, joined([...before, gap]))
      else if (type === "gap-filled" || type === "gap-confirmed") open.set(stream, before)
      else return
      const all = mentioned.get(stream) ?? []
      mentioned.set(stream, all)
      all.push(gap)
    },
    of: (stream, last, late = Number.NEGATIVE_INFINITY) =>
      (open.get(stream) ?? [])
        .map((gap) => ({ first: holds(gap, late) ? late + 1 : gap.first, last: Math.min(gap.last, last) }))
        .filter((gap) => gap.first <= gap.last),
    filled: (stream, late) =>
      (open.get(stream) ?? []).filter((gap) => holds(gap, late)).map(({ first }) => ({ first, last: late })),
    unmentioned: (stream, holes) => (mentioned.get(stream) ?? []).reduce(without, holes)
  }
}
