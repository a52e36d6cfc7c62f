/**
 * What the continuity topic says of the streams' ids, summed up: which gaps were opened, which filled again, which the
 * exchange confirmed. Give it every record of that topic, then ask it about the holes of a data topic.
 */
import { Option, Schema } from "effect"
import { Continuity } from "../schema/Continuity.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { Span } from "../schema/StreamKind.ts"
import * as Spans from "./Spans.ts"

/** These say nothing of ids. */
const OF_THE_STREAM = new Set<Continuity["type"]>(["rollover", "stale", "joined", "left"])

/** More are counted and not kept. */
const KEPT_STATEMENTS = 10_000

/**
 * Why ids are missing. `confirmed`: the exchange has none either; `opened`: live went past them, and nobody says they were
 * filled since; `dropped`: an overflow; `unknown`: nobody says anything, or wrongly that they are there.
 */
export type Reason = "confirmed" | "opened" | "dropped" | "unknown"

export interface Hole extends Span {
  readonly reason: Reason
}

export interface GapLedger {
  /** `false` if the record is no continuity record. */
  readonly add: (record: Pick<SinkRecord, "value">) => boolean
  /** Whether these ids are said to have been filled in late. */
  readonly filledLate: (stream: string, span: Span) => boolean
  /** A hole, cut into parts of one reason each. */
  readonly explain: (stream: string, hole: Span) => ReadonlyArray<Hole>
  /** What was said of gaps, in order; at most `KEPT_STATEMENTS`. */
  readonly statements: () => ReadonlyArray<Continuity>
  /** How many were said beyond those. */
  readonly unkept: () => number
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

const makeStream = () => ({
  opened: Spans.make(),
  filled: Spans.make(),
  late: Spans.make(),
  confirmed: Spans.make(),
  dropped: Spans.make()
})
type Stream = ReturnType<typeof makeStream>

const enter = (of: Stream, { late, type }: Continuity, span: Span): void => {
  if (type === "gap-opened") of.opened.add(span)
  if (type === "gap-filled") of.filled.add(span)
  if (type === "gap-filled" && late) of.late.add(span)
  if (type === "gap-confirmed") of.confirmed.add(span)
  if (type === "overflow") of.dropped.add(span)
}

/** The parts of a hole that the spans hold, for this reason, and the rest of it. */
const cut = (holes: ReadonlyArray<Span>, spans: Spans.Spans, reason: Reason) => ({
  named: holes.flatMap(spans.within).map((part): Hole => ({ ...part, reason })),
  rest: holes.flatMap(spans.lacking)
})

export const make = (): GapLedger => {
  const streams = new Map<string, Stream>()
  const statements: Array<Continuity> = []
  let unkept = 0

  const ofStream = (name: string): Stream => {
    const stream = streams.get(name) ?? makeStream()
    streams.set(name, stream)
    return stream
  }

  return {
    add: ({ value }) => {
      const statement = Option.getOrUndefined(decode(utf8.decode(value)))
      if (statement === undefined) return false
      const { from, stream, to, type } = statement
      if (OF_THE_STREAM.has(type)) return true
      if (statements.length < KEPT_STATEMENTS) statements.push(statement)
      else unkept++
      if (from !== null && to !== null && from <= to) enter(ofStream(stream), statement, { first: from, last: to })
      return true
    },
    filledLate: (stream, span) => streams.get(stream)?.late.covers(span) ?? false,
    explain: (stream, hole) => {
      const of = streams.get(stream)
      if (of === undefined) return [{ ...hole, reason: "unknown" }]
      const confirmed = cut([hole], of.confirmed, "confirmed")
      const dropped = cut(confirmed.rest, of.dropped, "dropped")
      const claimed = cut(dropped.rest, of.filled, "unknown")
      const opened = cut(claimed.rest, of.opened, "opened")
      const unknown = opened.rest.map((part): Hole => ({ ...part, reason: "unknown" }))
      return [...confirmed.named, ...dropped.named, ...claimed.named, ...opened.named, ...unknown].toSorted(
        (a, b) => a.first - b.first
      )
    },
    statements: () => statements,
    unkept: () => unkept
  }
}
