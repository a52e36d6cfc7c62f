/** Which continuity records are taken and not stored: what is written of positions comes behind them. */
import { Deferred, Effect } from "effect"

export interface Stated<A> {
  readonly taken: (statement: A) => void
  /** Stored, or given up. */
  readonly settled: (statement: A) => void
  /** It is stored by others later, or not at all: whoever waits for it waits in vain. */
  readonly released: (statement: A) => void
  /** Another one is stored in its place. */
  readonly replaced: (statement: A, by: A) => void
  /** Whether all are stored that were taken until now, once that is known. */
  readonly wait: Effect.Effect<boolean>
}

export const make = <A>(): Stated<A> => {
  const open = new Set<A>()
  const waits = new Set<{ readonly left: Set<A>; readonly done: Deferred.Deferred<boolean> }>()
  return {
    taken: (statement) => void open.add(statement),
    settled: (statement) => {
      if (!open.delete(statement)) return
      for (const wait of waits) {
        wait.left.delete(statement)
        if (wait.left.size === 0 && waits.delete(wait)) Deferred.doneUnsafe(wait.done, Effect.succeed(true))
      }
    },
    released: (statement) => {
      if (!open.delete(statement)) return
      for (const wait of waits) {
        if (wait.left.has(statement) && waits.delete(wait)) Deferred.doneUnsafe(wait.done, Effect.succeed(false))
      }
    },
    replaced: (statement, by) => {
      if (!open.delete(statement)) return
      open.add(by)
      for (const { left } of waits) if (left.delete(statement)) left.add(by)
    },
    wait: Effect.suspend(() => {
      if (open.size === 0) return Effect.succeed(true)
      const wait = { left: new Set(open), done: Deferred.makeUnsafe<boolean>() }
      waits.add(wait)
      return Effect.ensuring(
        Deferred.await(wait.done),
        Effect.sync(() => void waits.delete(wait))
      )
    })
  }
}
