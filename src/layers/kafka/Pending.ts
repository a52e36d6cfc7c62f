/**
 * The account of what the sink has taken and not yet stored: the memory bound, what `flush` waits for, and the gauges.
 * Records are counted by cohort, all those taken between two flushes, so that a flush waits for its own and not for what
 * comes after.
 */
import { Context, Deferred, Effect, Latch, type Scope } from "effect"
import { estimatedBytes } from "../../pipeline/recordSize.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { SinkError } from "../../services/EventSink.ts"
import { Instance } from "../../services/Instance.ts"
import { Status } from "../../services/Status.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as Acknowledged from "../Acknowledged.ts"
import * as Stated from "./Stated.ts"

/**
 * Above so many bytes of memory not stored the sink takes no more. At 10,000 trades a second it bridges some 8 s without
 * Kafka (a broker's restart).
 */
export class PendingLimit extends Context.Reference<number>("binance-kafka/layers/kafka/PendingLimit", {
  defaultValue: () => 64 * 1024 * 1024
}) {}

/** What a record's objects take in memory beside its bytes, judged by the process's size at the limit; it counts for the limit, not for a batch's size. */
const RECORD_MEMORY = 450

const memoryOf = ({ bytes }: Entry): number => bytes + RECORD_MEMORY

interface Cohort {
  left: number
  readonly stored: Deferred.Deferred<void, SinkError>
}

/** A record that the sink has taken. */
export interface Entry {
  /** Its event-id. */
  readonly id: string
  readonly record: SinkRecord
  readonly bytes: number
  /** Unix ms. */
  readonly takenAt: number
  readonly cohort: Cohort
  settled: boolean
}

const makeEntry = (record: SinkRecord, cohort: Cohort, takenAt: number): Entry => ({
  id: record.headers["event-id"] ?? "",
  record,
  bytes: estimatedBytes(record),
  takenAt,
  cohort,
  settled: false
})

const makeCohort = (): Cohort => ({ left: 0, stored: Deferred.makeUnsafe() })

export interface Pending {
  /** Completes when there is room. */
  readonly room: Effect.Effect<void, SinkError>
  readonly take: (records: ReadonlyArray<SinkRecord>) => ReadonlyArray<Entry>
  /** Kafka has stored them. */
  readonly stored: (entries: ReadonlyArray<Entry>) => void
  /** Stored, or given up; counts once, though it was lost since and stored again. */
  readonly settle: (entries: ReadonlyArray<Entry>) => void
  /** Another record in the place of one. */
  readonly replace: (entry: Entry, record: SinkRecord) => Entry
  readonly flush: Effect.Effect<void, SinkError>
  /** Whether the continuity records that were taken until now are stored, once that is known. */
  readonly stated: Effect.Effect<boolean>
  /** Given back, to be stored some other way. */
  readonly release: (entries: ReadonlyArray<Entry>) => void
  /** In memory. */
  readonly waiting: () => { readonly records: number; readonly bytes: number }
  /** The sink cannot go on: whoever waits, or comes later, is told. */
  readonly fail: (error: SinkError) => Effect.Effect<void>
}

export const make: Effect.Effect<Pending, never, AppConfig | Scope.Scope> = Effect.gen(function* () {
  const limit = yield* PendingLimit
  const { topics } = yield* AppConfig
  const instance = yield* Instance
  const acknowledged = yield* Acknowledged.make
  const { kafka } = yield* Status
  kafka.isOpen = true
  const latch = yield* Latch.make(true)
  /** Cohorts that a flush waits for; the current one is still growing. */
  const sealed = new Set<Cohort>()
  let current = makeCohort()
  const stated = Stated.make<Entry>()
  let records = 0
  let bytes = 0
  let failure: SinkError | undefined

  yield* plain.gauge(Telemetry.recordsPending, () => records)
  yield* plain.gauge(Telemetry.bytesPending, () => bytes)
  const countStored = yield* plain.counter(Telemetry.recordsStored)

  const report = () => {
    if (bytes < limit || failure !== undefined) latch.openUnsafe()
    else latch.closeUnsafe()
    kafka.waitingRecords = records
    kafka.waitingBytes = bytes
  }

  const check = Effect.suspend(() => (failure === undefined ? Effect.void : Effect.fail(failure)))

  const settle = (entries: ReadonlyArray<Entry>): void => {
    for (const entry of entries) {
      if (entry.settled) continue
      records--
      bytes -= memoryOf(entry)
      entry.settled = true
      stated.settled(entry)
      if (--entry.cohort.left === 0 && sealed.delete(entry.cohort)) {
        Deferred.doneUnsafe(entry.cohort.stored, Effect.void)
      }
    }
    report()
  }

  /** Tells a reader of the topic whether one connector writes it or two. */
  const signed = (record: SinkRecord): SinkRecord => ({ ...record, headers: { ...record.headers, instance } })

  return {
    // Nearly always there is room: to wait for it all the same would take steps, at every batch.
    room: Effect.suspend(() =>
      latch.isOpen() && failure === undefined ? Effect.void : Effect.andThen(latch.await, check)
    ),
    take: (batch) => {
      const now = acknowledged.now()
      const entries = batch.map((record) => makeEntry(signed(record), current, now))
      current.left += entries.length
      records += entries.length
      for (const entry of entries) {
        bytes += memoryOf(entry)
        if (entry.record.topic === topics.continuity) stated.taken(entry)
      }
      report()
      return entries
    },
    stored: (entries) => {
      const now = acknowledged.now()
      // What a failover had lost was counted when it was stored for the first time.
      for (const { record, settled, takenAt } of entries) if (!settled) acknowledged.count(record, takenAt, now)
      countStored(entries.length)
      settle(entries)
    },
    settle,
    release: (entries) => {
      for (const entry of entries) stated.released(entry)
      settle(entries)
    },
    replace: (entry, record) => {
      const replaced = makeEntry(record, entry.settled ? current : entry.cohort, entry.takenAt)
      if (record.topic === topics.continuity) stated.replaced(entry, replaced)
      else stated.settled(entry)
      if (entry.settled) {
        // Stored once, lost by a failover and refused when it was sent again.
        current.left++
        records++
        bytes += memoryOf(replaced)
      } else bytes += replaced.bytes - entry.bytes
      return replaced
    },
    flush: Effect.suspend(() => {
      if (current.left > 0) {
        sealed.add(current)
        current = makeCohort()
      }
      return Effect.andThen(
        check,
        Effect.forEach(Array.from(sealed), ({ stored }) => Deferred.await(stored), { discard: true })
      )
    }),
    stated: stated.wait,
    waiting: () => ({ records, bytes }),
    fail: (error) =>
      Effect.sync(() => {
        failure ??= error
        for (const { stored } of sealed) Deferred.doneUnsafe(stored, Effect.fail(error))
        report()
      })
  }
})
