/** Sends what is on the disk, in order and a bounded amount at a time; what was stored already is left out. */
import { Duration, Effect, type Latch, Metric, Schedule } from "effect"
import { AppConfig } from "../../services/AppConfig.ts"
import { nothingStored, Positions } from "../../services/Positions.ts"
import type { ReleasableSink } from "../../services/ReleasableSink.ts"
import * as Streams from "../../services/Streams.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { SpoolLimits } from "./Limits.ts"
import type { Store } from "./Store.ts"
import * as Stored from "./stored.ts"

const READ_RETRY = Duration.seconds(5)

export interface Options {
  readonly folder: string
  readonly store: Store
  readonly sink: ReleasableSink["Service"]
  /** What an earlier process left: the numbers below `end`, and one record of each key of each topic. */
  readonly left: { readonly head: number; readonly end: number; readonly places: ReadonlyArray<SinkRecord> }
  /** Whether the sink has this number as well, and sends it itself. */
  readonly isKept: (number: number) => boolean
  /** Open while there is anything to send. */
  readonly work: Latch.Latch
  /** All below this number is stored. */
  readonly stored: (end: number) => Effect.Effect<void>
  /** Nothing is on the disk. */
  readonly emptied: Effect.Effect<void>
}

/** Runs for ever; a broken sink ends it. */
export const run = Effect.fnUntraced(function* (options: Options) {
  const { emptied, folder, isKept, left, sink, store, stored, work } = options
  const { spool, topics } = yield* AppConfig
  const streams = (yield* Streams.streams).now()
  const { drainBytes } = yield* SpoolLimits
  const positions = yield* Positions
  const held = left.head < left.end

  const read = store.read(drainBytes).pipe(
    Effect.tapError((error) =>
      Effect.logError("Cannot read the spool: trying again").pipe(
        Effect.annotateLogs({ folder, reason: error.message, see: "DATA_DIR" })
      )
    ),
    Effect.retry(Schedule.spaced(READ_RETRY))
  )

  const countDamaged = Effect.fnUntraced(function* (records: number) {
    if (records === 0) return
    yield* Metric.update(Telemetry.spoolDamagedRecords, records)
    yield* Effect.logError("Records in the spool are damaged: they are left out").pipe(
      Effect.annotateLogs({ records, folder })
    )
  })

  // Of what an earlier process left, some may be stored.
  const { stands } = held ? yield* positions.load(streams) : nothingStored
  const remaining = Stored.remaining(streams, stands, held ? yield* sink.newest(left.places) : new Set())
  for (;;) {
    // On a full disk with nothing on it nobody would ever say again that it is drained.
    yield* spool.mode === "always" ? Effect.timeoutOption(work.await, READ_RETRY) : work.await
    const { damaged, end, entries } = yield* read
    yield* countDamaged(damaged)
    const ours = entries.filter(({ number }) => number >= left.end && !isKept(number))
    const theirs = entries
      .filter(({ number }) => number < left.end)
      .map(({ record }) => record)
      // Where streams stood is old by now.
      .filter(({ topic }) => topic !== topics.positions)
    if (entries.length > 0) {
      yield* sink.publish([...remaining(theirs), ...ours.map(({ record }) => record)])
      yield* sink.stored
    }
    if (end > store.status().head) yield* stored(end)
    if (entries.length === 0) yield* emptied
  }
})
