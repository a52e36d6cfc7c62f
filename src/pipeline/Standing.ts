/**
 * Where one sequence stands, from its stored records in the order stored. Records and what is said of them are stored apart,
 * and a kill loses of each what was on its way: what the records show counts for more than what was said.
 */
import type { Span } from "../schema/StreamKind.ts"
import type { Said, Stands } from "../services/Positions.ts"
import * as OpenGaps from "./OpenGaps.ts"
import type { Sequenced } from "./Sequenced.ts"
import * as Spans from "./Spans.ts"

/** Where a sequence goes on. */
export interface Position {
  /** The highest id that is stored (a candle: its close time, Unix ms). */
  readonly last: number
  /** Event time of that record, Unix ms. */
  readonly at: number
  /** Holes below `last` that were opened and not filled yet, ascending, both ends inclusive. */
  readonly gaps: ReadonlyArray<Span>
  /** What is filled though no continuity record says so: an earlier run ended in between. */
  readonly filled?: ReadonlyArray<Span & { readonly late: boolean }>
  /** Holes below `last` that no continuity record speaks of, for the same reason. */
  readonly unsaid?: ReadonlyArray<Span>
}

export interface Standing {
  /** A record in its turn, or one from before those that were added: what lies between is not judged. */
  readonly add: (record: Omit<Sequenced, "stream">, turn?: "next" | "earlier") => void
  readonly read: () => Stands
}

const spansOf = (all: ReadonlyArray<Span>): Spans.Spans => {
  const spans = Spans.make()
  for (const span of all) spans.add(span)
  return spans
}

export const make = (knownLate: ReadonlyArray<Span> = []): Standing => {
  const inOrder = Spans.make()
  const late = spansOf(knownLate)
  const holes: Array<Span> = []
  let at = 0
  return {
    add: ({ at: eventTime, first, last, late: isLate }, turn = "next") => {
      if (isLate) return void late.add({ first, last })
      const before = inOrder.last() ?? Infinity
      if (turn === "next" && first > before + 1) holes.push({ first: before + 1, last: first - 1 })
      if (inOrder.add({ first, last }) && inOrder.last() === last) at = eventTime
    },
    read: () => ({ at, inOrder: inOrder.ranges(), late: late.ranges(), holes })
  }
}

/** Of two runs of records, one behind the other, that may overlap. */
export const joined = (stored: Stands, waiting: Stands): Stands => {
  const standing = make([...stored.late, ...waiting.late])
  for (const span of stored.inOrder) standing.add({ ...span, at: stored.at, late: false }, "earlier")
  for (const span of waiting.inOrder) standing.add({ ...span, at: waiting.at, late: false })
  const { holes, ...stands } = standing.read()
  return { ...stands, holes: [...stored.holes, ...holes] }
}

/** Where a stream goes on, if anything of it is there; `gaps`: what is said of it, in order. */
export const position = (stands: Stands, gaps: OpenGaps.OpenGaps, stream: string): Position | undefined => {
  const { last } = stands.inOrder.at(-1) ?? {}
  if (last === undefined) return undefined
  const late = spansOf(stands.late)
  const inOrder = spansOf(stands.inOrder)
  const open = gaps.open(stream)
  const filled = [
    ...gaps.unsaidLate(stream, stands.late).map((span) => ({ ...span, late: true })),
    ...open.flatMap(inOrder.within).map((span) => ({ ...span, late: false }))
  ]
  const unsaid = gaps.unmentioned(stream, stands.holes.flatMap(late.lacking).flatMap(inOrder.lacking))
  return {
    last,
    at: stands.at,
    gaps: open.flatMap(inOrder.lacking).flatMap(late.lacking),
    ...(filled.length > 0 ? { filled } : {}),
    ...(unsaid.length > 0 ? { unsaid } : {})
  }
}

export const positions = (
  stands: ReadonlyMap<string, Stands>,
  said: ReadonlyArray<Said>
): ReadonlyMap<string, Position> => {
  const gaps = OpenGaps.of(said)
  const all = new Map<string, Position>()
  for (const [stream, one] of stands) {
    const found = position(one, gaps, stream)
    if (found !== undefined) all.set(stream, found)
  }
  return all
}
