/** Whether the sink stands still, or too much waits in it: seen from what went to it, and what of that waits. */
import { performance } from "node:perf_hooks"
import { Clock, Context, Duration, Effect } from "effect"
import type { ReleasableSink } from "../../services/ReleasableSink.ts"
import { SpoolLimits } from "./Limits.ts"

/** For how many ms of its life the process has been at work. */
export class Activity extends Context.Reference<() => number>("binance-kafka/layers/spool/Activity", {
  defaultValue: () => () => performance.eventLoopUtilization().active
}) {}

/** From this part of the time on the process has no more to give. */
const BUSY = 0.8

export interface Stall {
  /** So many more went to the sink. */
  readonly passed: (records: number) => void
  /** Why it should be relieved; `undefined`: it need not. */
  readonly reason: () => string | undefined
  /** As much waits as may, and it could be relieved. */
  readonly isFull: () => boolean
  /** It could not be relieved: not again for a while. Gives whether that was so before. */
  readonly patience: () => boolean
  /** What waits in it now is the beginning. */
  readonly restart: () => void
}

export const make = Effect.fnUntraced(function* ({ waiting }: Pick<ReleasableSink["Service"], "waiting">) {
  const limits = yield* SpoolLimits
  const active = yield* Activity
  const clock = yield* Clock.Clock
  /** ms; the clock on the wall may leap. */
  const monotonic = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const longest = Duration.toMillis(limits.stall)
  /** As much waits as may, more or less. */
  let full: { readonly since: number; readonly active: number } | undefined
  let passed = 0
  let progress = { stored: 0, since: monotonic(), notBefore: 0 }
  return {
    passed: (records) => {
      passed += records
    },
    reason: () => {
      const now = monotonic()
      const { bytes, records } = waiting()
      const stored = passed - records
      if (records === 0 || stored > progress.stored) {
        progress = { stored, since: now, notBefore: records === 0 ? 0 : progress.notBefore }
      }
      if (now < progress.notBefore) return undefined
      if (now - progress.since >= longest) return `nothing was stored for ${Duration.format(limits.stall)}`
      if (bytes < limits.waitingBytes / 2) full = undefined
      if (bytes < limits.waitingBytes) return undefined
      full ??= { since: now, active: active() }
      const isBusy = active() - full.active > BUSY * (now - full.since)
      const patience = isBusy ? limits.slowProcess : limits.slowKafka
      return now - full.since < Duration.toMillis(patience) ? undefined : `${bytes} bytes wait in memory`
    },
    isFull: () => waiting().bytes >= limits.waitingBytes && monotonic() >= progress.notBefore,
    patience: () => {
      const now = monotonic()
      full = undefined
      const before = progress.notBefore > 0
      progress = { ...progress, since: now, notBefore: now + longest }
      return before
    },
    restart: () => {
      passed = waiting().records
      full = undefined
      progress = { stored: 0, since: monotonic(), notBefore: 0 }
    }
  } satisfies Stall
})
