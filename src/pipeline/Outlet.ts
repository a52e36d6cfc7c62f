/**
 * Hands on what is ordered: one step after the other, for order is made in it, and what comes at once of a stream in slices,
 * between which others have their turn (`Pacer`).
 */
import { Duration, Effect, Latch, type Semaphore } from "effect"
import type * as BatchTrace from "./BatchTrace.ts"
import type * as Pacer from "./Pacer.ts"
import type { Ordered } from "./Sequencer.ts"

/** Between slices: with as much that is live the core is not full by far. */
const PAUSE = Duration.millis(10)

export interface Options {
  readonly pacer: Pacer.Pacer
  /** One at a time. */
  readonly turn: Semaphore.Semaphore
  readonly handOn: (ordered: Ordered, chunk?: BatchTrace.Chunk) => Effect.Effect<void>
}

type Way = (ordered: Ordered) => Effect.Effect<void>

export const make = Effect.fnUntraced(function* ({ handOn, pacer, turn }: Options) {
  const isWaiting = yield* Latch.make(false)

  /** In a turn; `live`: how many events came in for it. */
  const publish = (ordered: Ordered, chunk?: BatchTrace.Chunk, live = 0) =>
    Effect.andThen(
      Effect.suspend(() => handOn(pacer.pass(ordered, live), chunk)),
      Effect.sync(() => void (pacer.isEmpty() || isWaiting.openUnsafe()))
    )

  /** In a turn: what waits of these streams, or of all, waits no longer. */
  const release = (streams?: ReadonlySet<string>) =>
    Effect.suspend(() => Effect.forEach(pacer.release(streams), (ordered) => handOn(ordered), { discard: true }))

  /** In a turn: with all that waits of the streams of which something is said. */
  const publishAll: Way = (ordered) =>
    Effect.andThen(publish(ordered), release(new Set(ordered.notes.map(({ stream }) => stream))))

  /** A step of the sequencer and the publishing of what came of it, as one. */
  const inTurn = (step: () => Ordered, way: Way = publish) =>
    Effect.suspend(() => way(step())).pipe(turn.withPermit, Effect.uninterruptible)

  /** Slice by slice, for ever. */
  const run = isWaiting.await.pipe(
    Effect.andThen(Effect.sleep(PAUSE)),
    Effect.andThen(inTurn(pacer.next, handOn)),
    Effect.andThen(Effect.sync(() => void (pacer.isEmpty() && isWaiting.closeUnsafe()))),
    Effect.forever
  )

  return { publish, publishAll, release, inTurn, run }
})
