/** Reads on where a log ends, for as long as anybody asks. */
import { Duration, Effect, Option, Stream } from "effect"

/** How soon the end is looked at again: soon enough for people, seldom enough for brokers. */
export const POLL_INTERVAL = Duration.millis(250)

export interface Page<A> {
  readonly records: ReadonlyArray<A>
  /** Where to read on: where this one began, if there is nothing new. */
  readonly next: number
}

/** Page after page from an offset on. */
export const follow = <A, E>(from: number, page: (from: number) => Effect.Effect<Page<A>, E>): Stream.Stream<A, E> =>
  Stream.paginate(from, (at) =>
    page(at).pipe(
      Effect.tap(({ next }) => (next === at ? Effect.sleep(POLL_INTERVAL) : Effect.void)),
      Effect.map(({ next, records }) => [records, Option.some(next)] as const)
    )
  )
