/** Tells people what reading the topics back has found; the caller's log lines name the topic and the partition. */
import { Duration, Effect, Metric } from "effect"
import { clipped } from "../../pipeline/clipped.ts"
import { Instance } from "../../services/Instance.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import { Status } from "../../services/Status.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import type { Seen } from "./Tail.ts"

/** How long after its last record another connector is still held to write. */
const FOREIGN_LASTS = Duration.toMillis("5 minutes")

export interface Findings {
  /** A record was stored below the offset that was expected, or the log ends below it. */
  readonly regressed: (expected: number, offset: number) => Effect.Effect<void>
  /** Acknowledged records are gone. */
  readonly gone: (again: number, lost: ReadonlyArray<string>) => Effect.Effect<void>
  /** Somebody else has written these. */
  readonly foreign: (topic: string, seen: ReadonlyArray<Seen>) => Effect.Effect<void>
  /** A topic may not be read. */
  readonly unreadable: (topic: string, error: KafkaError) => Effect.Effect<void>
}

export const make = Effect.gen(function* () {
  const instance = yield* Instance
  const status = yield* Status
  const unreadable = new Set<string>()

  return {
    regressed: Effect.fnUntraced(function* (expected, offset) {
      yield* Metric.update(Telemetry.offsetRegressions, 1)
      yield* Effect.logError(
        "A partition's log has gone back below what was stored: records that Kafka had acknowledged are gone"
      ).pipe(Effect.annotateLogs({ expected, offset }))
    }),
    gone: Effect.fnUntraced(function* (again, lost) {
      if (again > 0) {
        yield* Metric.update(Telemetry.recordsResent, again)
        yield* Effect.logWarning("A failover has lost acknowledged records: they are sent again").pipe(
          Effect.annotateLogs({ records: again })
        )
      }
      if (lost.length > 0) {
        yield* Metric.update(Telemetry.recordsLost, lost.length)
        yield* Effect.logWarning("A failover has lost acknowledged records, more than are kept for that").pipe(
          Effect.annotateLogs({ records: lost.length, from: lost[0], to: lost.at(-1) })
        )
      }
    }),
    foreign: Effect.fnUntraced(function* (topic, seen) {
      const others = seen.filter(
        ({ headers }) =>
          headers["event-id"] !== undefined && headers["instance"] !== undefined && headers["instance"] !== instance
      )
      const [other] = others
      if (other === undefined) {
        return yield* Effect.logDebug("Somebody else writes to this topic").pipe(
          Effect.annotateLogs({ records: seen.length })
        )
      }
      status.trouble({
        subject: topic,
        kind: "another connector",
        text: `instance ${clipped(other.headers["instance"] ?? "")} writes there too: stop one of them`,
        lasts: FOREIGN_LASTS
      })
      yield* Metric.update(Telemetry.foreignRecords, others.length)
      yield* Effect.logWarning("Another connector writes to this topic: stop one of them").pipe(
        Effect.annotateLogs({
          records: others.length,
          eventId: other.headers["event-id"],
          instance,
          otherInstance: other.headers["instance"]
        })
      )
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
