/** Tells people what reading the topics back has found. */
import { Clock, Effect, Metric } from "effect"
import { Instance } from "../../services/Instance.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import type { Seen } from "./Tail.ts"

const FOREIGN_QUIET_MS = 60_000

export interface Findings {
  /** A record was stored below the offset that was expected. */
  readonly regressed: (where: string, expected: number, offset: number) => Effect.Effect<void>
  /** Acknowledged records are gone. */
  readonly gone: (where: string, again: number, lost: ReadonlyArray<string>) => Effect.Effect<void>
  /** Somebody else has written these. */
  readonly foreign: (where: string, seen: ReadonlyArray<Seen>) => Effect.Effect<void>
  /** A topic may not be read. */
  readonly unreadable: (topic: string, error: KafkaError) => Effect.Effect<void>
}

export const make = Effect.gen(function* () {
  const instance = yield* Instance
  const unreadable = new Set<string>()
  let quietUntil = Number.NEGATIVE_INFINITY

  return {
    regressed: Effect.fnUntraced(function* (where, expected, offset) {
      yield* Metric.update(Telemetry.offsetRegressions, 1)
      yield* Effect.logError(
        "Kafka has stored at an offset that was taken: records that it had acknowledged are gone"
      ).pipe(Effect.annotateLogs({ where, expected, offset }))
    }),
    gone: Effect.fnUntraced(function* (where, again, lost) {
      if (again > 0) {
        yield* Metric.update(Telemetry.recordsResent, again)
        yield* Effect.logWarning("A failover has lost acknowledged records: they are sent again").pipe(
          Effect.annotateLogs({ where, records: again })
        )
      }
      if (lost.length > 0) {
        yield* Metric.update(Telemetry.recordsLost, lost.length)
        yield* Effect.logWarning("A failover has lost acknowledged records, more than are kept for that").pipe(
          Effect.annotateLogs({ where, records: lost.length, first: lost[0], last: lost.at(-1) })
        )
      }
    }),
    foreign: Effect.fnUntraced(function* (where, seen) {
      const others = seen.filter(
        ({ headers }) =>
          headers["event-id"] !== undefined && headers["instance"] !== undefined && headers["instance"] !== instance
      )
      const [other] = others
      if (other === undefined) {
        return yield* Effect.logDebug("Somebody else writes to this topic").pipe(
          Effect.annotateLogs({ where, records: seen.length })
        )
      }
      yield* Metric.update(Telemetry.foreignRecords, others.length)
      const now = yield* Clock.currentTimeMillis
      if (now < quietUntil) return
      quietUntil = now + FOREIGN_QUIET_MS
      yield* Effect.logWarning(
        `Another connector writes to this topic: ${where}, instance ${other.headers["instance"]} (this one is ${instance}). Stop one of them`
      ).pipe(Effect.annotateLogs({ key: other.key, eventId: other.headers["event-id"] }))
    }),
    unreadable: Effect.fnUntraced(function* (topic, error) {
      if (unreadable.has(topic)) return
      unreadable.add(topic)
      yield* Effect.logWarning(
        "A topic cannot be read back: a send without an answer may be stored twice, and what a failover loses is lost. Grant the right Read on it"
      ).pipe(Effect.annotateLogs({ topic, reason: error.message }))
    })
  } satisfies Findings
})
