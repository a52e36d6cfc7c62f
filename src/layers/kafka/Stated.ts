/** Which continuity records are taken and not stored: what is written of positions comes behind them. */
import { Deferred, Effect } from "effect"

export interface Stated<A> {
  readonly taken: (statement: A) => void
  /** Stored, or given up. */
  readonly settled: (statement: A) => void
  /** Another one is stored in its place. */
  readonly replaced: (statement: A, by: A) => void
  /** Completes when those are that were taken until now. */
  readonly wait: Effect.Effect<void>
}

export const make = <A>(): Stated<A> => {
  const open = new Set<A>()
  const waits = new Set<{ readonly left: Set<A>; readonly done: Deferred.Deferred<void> }>()
  return {
    taken: (statement) => void open.add(statement),
    settled: (statement) => {
      if (!open.delete(statement)) return
      for (const wait of waits) {
        wait.left.delete(statement)
        if (wait.left.size === 0 && waits.delete(wait)) Deferred.doneUnsafe(wait.done, Effect.void)
      }
    },
    replaced: (statement, by) => {
      if (!open.delete(statement)) return
      open.add(by)
      for (const { left } of waits) if (left.delete(statement)) left.add(by)
    },
    wait: Effect.suspend(() => {
      if (open.size === 0) return Effect.void
      const wait = { left: new Set(open), done: Deferred.makeUnsafe<void>() }
      waits.add(wait)
      return Effect.ensuring(
        Deferred.await(wait.done),
        Effect.sync(() => void waits.delete(wait))
      )
    })
  }
}
