/** Says what the spool does not keep: to people by a line and a metric, to the pipeline by what each stream misses. */
import { Effect, Metric, PubSub, Queue, Stream } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { Overflow } from "../../services/Spool.ts"
import { Status } from "../../services/Status.ts"
import * as Streams from "../../services/Streams.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as Overflows from "./Overflows.ts"

/** How many may wait for somebody to listen. */
const UNHEARD = 10_000

const HELD_BACK = "their streams wait to be caught up"

const SPOOL = { subject: "spool", kind: "losing records" } as const

export const make = Effect.fnUntraced(function* (folder: string) {
  const overflows = Overflows.make((yield* Streams.streams).known)
  // The pipeline may not listen yet.
  const told = yield* PubSub.unbounded<Overflow>({ replay: UNHEARD })
  const drained = yield* Queue.sliding<void>(1)
  const status = yield* Status
  let full = false
  let notKept = 0
  /** The same since people were told of it, and why. */
  const shown = { records: 0, cause: "" }

  const missed = Effect.fnUntraced(function* (records: number, reason: string) {
    if (records === 0) return
    yield* Metric.update(Telemetry.spoolDroppedRecords, records)
    notKept += records
    status.spool.dropped += records
    shown.records += records
    status.trouble({ ...SPOOL, text: `${shown.records} records were not kept: ${shown.cause}` })
    yield* Effect.logError(
      "Records are not kept: the exchange is asked for trades and closed candles once there is room, the rest is lost"
    ).pipe(Effect.annotateLogs({ records, folder, reason }))
  })

  /** All is kept again. */
  const over = (): void => {
    shown.records = 0
    status.well(SPOOL.subject, SPOOL.kind)
  }

  /** The disk takes records again. */
  const hasRoom = Effect.suspend(() => {
    if (!full) return Effect.void
    full = false
    return Effect.andThen(
      Effect.logInfo("The spool has room again").pipe(Effect.annotateLogs({ folder, notKept })),
      PubSub.publishAll(told, overflows.take("unreplayable"))
    )
  })

  return {
    overflow: Stream.fromPubSub(told),
    drained: Stream.fromQueue(drained),
    /** What may be kept of a batch: the streams that are waited for are left out. */
    admit: (batch: ReadonlyArray<SinkRecord>) =>
      Effect.suspend(() => {
        const admitted = overflows.admit(batch)
        const left = batch.length - admitted.length
        return left === 0 ? Effect.succeed(admitted) : Effect.as(missed(left, HELD_BACK), admitted)
      }),
    /** The disk did not take these. */
    refuse: Effect.fnUntraced(function* (records: ReadonlyArray<SinkRecord>, reason: string) {
      full = true
      shown.cause = reason
      overflows.refuse(records)
      yield* missed(records.length, reason)
    }),
    hasRoom,
    newlyLate: overflows.newlyLate,
    lateOf: overflows.lateOf,
    /** What nobody was told of yet and no later start can fetch. */
    untold: Effect.sync(() => overflows.take("unreplayable")),
    /** Nothing waits any more. Gives how many records were not kept until now. */
    emptied: Effect.gen(function* () {
      yield* hasRoom
      if (overflows.holdsBack()) yield* Queue.offer(drained, undefined)
      else over()
      const until = notKept
      notKept = 0
      return until
    }),
    readmit: Effect.sync(() => {
      over()
      return overflows.take("replayable")
    })
  }
})

export type Shortage = Effect.Success<ReturnType<typeof make>>
