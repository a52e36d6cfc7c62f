/**
 * To the disk, behind all that is there. What is said of gaps is kept where there is no room for what is in them, and what the
 * disk does not take even of that comes before anything else.
 */
import { Clock, Effect } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { SinkError } from "../../services/EventSink.ts"
import type { Shortage } from "./Shortage.ts"
import type { Statements } from "./statements.ts"
import type { Store } from "./Store.ts"

export interface Options {
  readonly store: Store
  readonly shortage: Shortage
  readonly statements: Statements
  /** Nothing else takes what the disk does not. */
  readonly isLast: boolean
  readonly unwritable: (reason: string) => SinkError
  /** Something is there to be sent. */
  readonly kept: () => void
}

export const make = ({ isLast, kept, shortage, statements, store, unwritable }: Options) => {
  let unsaid: ReadonlyArray<SinkRecord> = []

  const state = Effect.fnUntraced(function* (said: ReadonlyArray<SinkRecord>) {
    const all = [...unsaid, ...statements.completed(said, yield* Clock.currentTimeMillis)]
    const { records } = yield* store.append(all, "unlimited")
    unsaid = all.slice(records)
    if (records > 0) kept()
  })

  const keep = Effect.fnUntraced(function* (batch: ReadonlyArray<SinkRecord>) {
    const admitted = yield* shortage.admit(batch.filter((record) => !statements.is(record)))
    if (unsaid.length > 0) yield* state([])
    const { fault, records } = yield* store.append(admitted)
    const isBroken = fault?.kind === "broken" && isLast
    if (fault !== undefined && !isBroken) yield* shortage.refuse(admitted.slice(records), fault.reason)
    yield* state(batch.filter(statements.is))
    if (records > 0) kept()
    if (isBroken) return yield* unwritable(fault.reason)
    if (fault === undefined && records > 0) yield* shortage.hasRoom
  })

  return {
    keep,
    /** Keeps what is said, whatever the bound. */
    state,
    /** Gives what was not kept of it, to be said some other way. */
    takeUnsaid: () => {
      const all = unsaid
      unsaid = []
      return all
    },
    unsaid: () => unsaid.length
  }
}
