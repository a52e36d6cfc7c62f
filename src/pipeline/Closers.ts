/**
 * What says that a gap is filled late waits until that is stored: the two go to different partitions, and a kill in between
 * would leave a gap that nobody knows of.
 */
import { Effect, Latch } from "effect"
import type { Span } from "../schema/StreamKind.ts"
import type { Statement } from "./ContinuityRecord.ts"

export interface Closers {
  /** Keeps these until what was published before them is stored. */
  readonly hold: (notes: ReadonlyArray<Statement>) => void
  /** These are open again, whatever waits. */
  readonly reopen: (stream: string, span: Span) => void
  /** Those that wait; they are the caller's to say. */
  readonly take: () => ReadonlyArray<Statement>
  /** Says what waits as soon as `stored` completes, which was begun after it, again and again. */
  readonly run: <E>(
    stored: Effect.Effect<void, E>,
    say: (notes: ReadonlyArray<Statement>) => Effect.Effect<void>
  ) => Effect.Effect<never, E>
}

/** What is left of the spans without `cut`. */
const without = (spans: ReadonlyArray<Span>, cut: Span): ReadonlyArray<Span> =>
  spans.flatMap((span) =>
    [
      { first: span.first, last: Math.min(span.last, cut.first - 1) },
      { first: Math.max(span.first, cut.last + 1), last: span.last }
    ].filter(({ first, last }) => first <= last)
  )

export const hasToWait = ({ late, type }: Statement): boolean => type === "gap-filled" && late

export const make: Effect.Effect<Closers> = Effect.gen(function* () {
  const latch = yield* Latch.make(false)
  let waiting: ReadonlyArray<Statement> = []
  /** What `run` has seen stored comes first. */
  let due = 0

  const take = (count: number): ReadonlyArray<Statement> => {
    const taken = waiting.slice(0, count)
    waiting = waiting.slice(count)
    due = Math.max(0, due - count)
    if (waiting.length === 0) latch.closeUnsafe()
    return taken
  }

  return {
    hold: (notes) => {
      if (notes.length === 0) return
      waiting = [...waiting, ...notes]
      latch.openUnsafe()
    },
    reopen: (stream, span) => {
      const left = waiting.map((note) => {
        if (note.stream !== stream || note.from === null || note.to === null) return [note]
        return without([{ first: note.from, last: note.to }], span).map(({ first, last }) => ({
          ...note,
          from: first,
          to: last
        }))
      })
      due = left.slice(0, due).flat().length
      waiting = left.flat()
    },
    take: () => take(waiting.length),
    run: (stored, say) =>
      latch.await.pipe(
        Effect.andThen(Effect.sync(() => void (due = waiting.length))),
        Effect.andThen(stored),
        Effect.andThen(Effect.suspend(() => say(take(due))).pipe(Effect.uninterruptible)),
        Effect.forever
      )
  }
})
