/** From the continuity records of a topic, in their order: what of each stream was opened and not closed, and the like. */
import type { Span } from "../schema/StreamKind.ts"
import type { Said } from "../services/Positions.ts"
import * as Spans from "./Spans.ts"

export interface OpenGaps {
  readonly add: (said: Said) => void
  /** The holes that were opened and not closed; those that touch as one. */
  readonly open: (stream: string) => ReadonlyArray<Span>
  /** What of these was not said to be filled late. */
  readonly unsaidLate: (stream: string, spans: ReadonlyArray<Span>) => ReadonlyArray<Span>
  /** What of a stream's holes is neither open nor confirmed. */
  readonly unmentioned: (stream: string, holes: ReadonlyArray<Span>) => ReadonlyArray<Span>
  /** The same in as few statements as possible. */
  readonly said: () => ReadonlyArray<Said>
}

const statement = (type: Said["type"], stream: string, { first, last }: Span): Said => ({
  type,
  stream,
  from: first,
  to: last,
  late: type === "gap-filled"
})

export const make = (): OpenGaps => {
  const streams = new Map<string, ReturnType<typeof nothingSaid>>()
  const nothingSaid = () => ({ open: Spans.make(), late: Spans.make(), confirmed: Spans.make() })
  const saidOf = (stream: string) => {
    const said = streams.get(stream) ?? nothingSaid()
    streams.set(stream, said)
    return said
  }
  return {
    add: ({ from, late, stream, to, type }) => {
      if (from === null || to === null) return
      const gap = { first: from, last: to }
      const said = saidOf(stream)
      if (type === "gap-opened") {
        said.open.add(gap)
        // It was not stored after all.
        said.late.remove(gap)
      } else if (type === "gap-filled" || type === "gap-confirmed") {
        said.open.remove(gap)
        if (type === "gap-confirmed") said.confirmed.add(gap)
        else if (late) said.late.add(gap)
      }
    },
    open: (stream) => saidOf(stream).open.ranges(),
    unsaidLate: (stream, spans) => spans.flatMap(saidOf(stream).late.lacking),
    said: () =>
      Array.from(streams, ([stream, { confirmed, late, open }]) => [
        ...confirmed.ranges().map((gap) => statement("gap-confirmed", stream, gap)),
        ...late.ranges().map((gap) => statement("gap-filled", stream, gap)),
        ...open.ranges().map((gap) => statement("gap-opened", stream, gap))
      ]).flat(),
    unmentioned: (stream, holes) => holes.flatMap(saidOf(stream).open.lacking).flatMap(saidOf(stream).confirmed.lacking)
  }
}

export const of = (said: Iterable<Said>): OpenGaps => {
  const gaps = make()
  for (const one of said) gaps.add(one)
  return gaps
}
