/** Whether the sink stands still, or too much waits in it: seen from what went to it, and what of that waits. */
import { Clock, Duration, Effect } from "effect"
import type { ReleasableSink } from "../../services/ReleasableSink.ts"
import { SpoolLimits } from "./Limits.ts"

export interface Stall {
  /** So many more went to the sink. */
  readonly passed: (records: number) => void
  /** Why it should be relieved; `undefined`: it need not. */
  readonly reason: Effect.Effect<string | undefined>
  /** It could not be relieved: not again for a while. Gives whether that was so before. */
  readonly patience: Effect.Effect<boolean>
  /** What waits in it now is the beginning. */
  readonly restart: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* (sink: Pick<ReleasableSink["Service"], "pending" | "waitingBytes">) {
  const limits = yield* SpoolLimits
  const longest = Duration.toMillis(limits.stall)
  let passed = 0
  let progress = { stored: 0, since: yield* Clock.currentTimeMillis, notBefore: 0 }
  return {
    passed: (records) => {
      passed += records
    },
    reason: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const pending = yield* sink.pending
      const stored = passed - pending
      if (pending === 0 || stored > progress.stored) progress = { stored, since: now, notBefore: 0 }
      if (now < progress.notBefore) return undefined
      if (now - progress.since >= longest) return `nothing was stored for ${Duration.format(limits.stall)}`
      const bytes = yield* sink.waitingBytes
      return bytes < limits.waitingBytes ? undefined : `${bytes} bytes wait in memory`
    }),
    patience: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const before = progress.notBefore > 0
      progress = { ...progress, since: now, notBefore: now + longest }
      return before
    }),
    restart: Effect.gen(function* () {
      passed = yield* sink.pending
      progress = { stored: 0, since: yield* Clock.currentTimeMillis, notBefore: 0 }
    })
  } satisfies Stall
})
