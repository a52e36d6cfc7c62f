import type { Span } from "../schema/StreamKind.ts"

/** What is left of the spans without `cut`. */
export const without = (spans: ReadonlyArray<Span>, cut: Span): ReadonlyArray<Span> =>
  spans.flatMap((span) =>
    [
      { first: span.first, last: Math.min(span.last, cut.first - 1) },
      { first: Math.max(span.first, cut.last + 1), last: span.last }
    ].filter(({ first, last }) => first <= last)
  )
