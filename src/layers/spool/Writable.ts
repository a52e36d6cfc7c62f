/**
 * Whether the spool's folder can be written, as everybody may see: by what became of the last write, and where there is none
 * by a trial now and then, so that it is known before it is needed.
 */
import { Duration, Effect, type Scope } from "effect"
import { Status } from "../../services/Status.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import type { Fault, Store } from "./Store.ts"

const PROBE_EVERY = Duration.seconds(10)

const SPOOL = { subject: "spool", kind: "cannot be written" } as const

/** The store, watched for as long as the scope is open. */
export const watched = Effect.fnUntraced(function* (store: Store): Effect.fn.Return<Store, never, Scope.Scope> {
  const { spool: shown, trouble, well } = yield* Status
  let isWritable = true
  let wroteLately = false
  yield* plain.gauge(Telemetry.spoolWritable, () => Number(isWritable))

  const seen = (fault: Fault | undefined): void => {
    shown.fault = fault?.reason ?? null
    // At its bound the folder is as good as before.
    isWritable = fault === undefined || fault.kind === "bound"
    if (isWritable) well(SPOOL.subject, SPOOL.kind)
    else trouble({ ...SPOOL, text: `${shown.fault}: make room or mend the disk of DATA_DIR` })
  }

  const probe = Effect.suspend(() => {
    const isIdle = !wroteLately
    wroteLately = false
    return isIdle ? Effect.map(store.probe, seen) : Effect.void
  })
  yield* Effect.forkScoped(Effect.forever(Effect.delay(probe, PROBE_EVERY)))

  return {
    ...store,
    append: (records, limit) =>
      Effect.tap(store.append(records, limit), ({ fault, records: kept }) =>
        Effect.sync(() => {
          if (records.length === 0) return
          wroteLately = true
          if (fault !== undefined || kept > 0) seen(fault)
        })
      )
  }
})
