/**
 * Reads the data topics and the continuity topic, nothing else, and judges whether every event is there once and in order.
 * It reads to the ends as they are when it begins.
 */
import { Clock, Effect, Stream } from "effect"
import type { Continuity } from "../schema/Continuity.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { type OffsetRange, TopicReader, TopicReadError } from "../services/TopicReader.ts"
import * as Audit from "./Audit.ts"
import * as GapLedger from "./GapLedger.ts"

export interface Options {
  /** Instead of the settings' data topics. */
  readonly topics: ReadonlyArray<string>
  /** Told after every chunk: offsets read and to be read. */
  readonly onProgress: (read: number, total: number) => void
}

export interface ReadTopic {
  readonly topic: string
  readonly partitions: ReadonlyArray<OffsetRange>
}

export interface Verdict extends Audit.AuditReport {
  /** When it began, Unix ms. */
  readonly at: number
  readonly topics: ReadonlyArray<ReadTopic>
  /** What the continuity topic says of gaps. */
  readonly continuity: ReadonlyArray<Continuity>
}

const offsetsOf = (topics: ReadonlyArray<ReadTopic>): number =>
  topics.reduce((sum, { partitions }) => partitions.reduce((all, { from, to }) => all + to - from, sum), 0)

/** Of nothing there is nothing to prove: `complete` only if there are records. */
export const verify = Effect.fnUntraced(function* ({ onProgress, topics: named }: Options) {
  const { topics: settings } = yield* AppConfig
  const reader = yield* TopicReader
  const at = yield* Clock.currentTimeMillis
  const endsOf = (topic: string) => Effect.map(reader.ends(topic), (partitions): ReadTopic => ({ topic, partitions }))

  const names = named.length > 0 ? named : Array.from(new Set(settings.data.values())).toSorted()
  const found = yield* Effect.forEach(names, endsOf, { concurrency: 4 })
  const absent = found.find(({ partitions }) => partitions.length === 0)
  if (named.length > 0 && absent !== undefined) {
    return yield* new TopicReadError({ message: `--topic ${absent.topic}: there is no such topic` })
  }
  const topics = found.filter(({ partitions }) => partitions.length > 0)
  // Noted last: what it says of the records read is all there.
  const continuity = yield* endsOf(settings.continuity)

  const total = offsetsOf([...topics, continuity])
  let read = 0
  const each = <A>({ partitions, topic }: ReadTopic, take: (record: Audit.AuditedRecord) => A) =>
    reader.read(topic, partitions).pipe(
      Stream.runForEachArray((records) =>
        Effect.sync(() => {
          for (const record of records) take(record)
          read += records.length
          onProgress(read, total)
        })
      )
    )

  const ledger = GapLedger.make()
  let unreadable = 0
  yield* each(continuity, (record) => (ledger.add(record) ? 0 : unreadable++))
  const audit = Audit.make({
    ledger,
    partitions: new Map(topics.map(({ partitions, topic }) => [topic, partitions.length]))
  })
  yield* Effect.forEach(topics, (topic) => each(topic, audit.add), { discard: true })

  const report = audit.report()
  const ofContinuity: ReadonlyArray<Audit.Unreadable> =
    unreadable === 0
      ? []
      : [{ topic: settings.continuity, records: unreadable, reason: "the value is no continuity record" }]
  const notes =
    ledger.unkept() === 0 ? [] : [`${ledger.unkept()} more records of ${settings.continuity} are not listed`]
  return {
    at,
    topics: [...topics, ...(continuity.partitions.length > 0 ? [continuity] : [])],
    series: report.series,
    continuity: ledger.statements(),
    unreadable: [...report.unreadable, ...ofContinuity],
    notes: [...report.notes, ...notes],
    complete: report.complete && report.series.length > 0 && unreadable === 0
  } satisfies Verdict
})
