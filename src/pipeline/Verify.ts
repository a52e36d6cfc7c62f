/**
 * Reads the data topics and the continuity topic, nothing else, and judges whether every event is there once and in order.
 * It reads to the ends as they are when it begins.
 */
import { Clock, Effect, Stream } from "effect"
import type { Continuity } from "../schema/Continuity.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { type OffsetRange, TopicReader, TopicReadError } from "../services/TopicReader.ts"
import * as Audit from "./Audit.ts"
import * as Coverage from "./Coverage.ts"
import { exchangeOf } from "../schema/settings/exchange.ts"
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
  /** Topics that streams of the settings need, and that are not there or not to be seen. */
  readonly absent: ReadonlyArray<Coverage.AbsentTopic>
}

const offsetsOf = (topics: ReadonlyArray<ReadTopic>): number =>
  topics.reduce((sum, { partitions }) => partitions.reduce((all, { from, to }) => all + to - from, sum), 0)

const NOT_THERE = "there is no such topic"

/** Of nothing there is nothing to prove: `complete` only if there are records. */
export const verify = Effect.fnUntraced(function* ({ onProgress, topics: named }: Options) {
  const config = yield* AppConfig
  const { topics: settings } = config
  const reader = yield* TopicReader
  const at = yield* Clock.currentTimeMillis
  const endsOf = (topic: string) => Effect.map(reader.ends(topic), (partitions): ReadTopic => ({ topic, partitions }))

  const names = named.length > 0 ? named : Array.from(new Set(settings.data.values())).toSorted()
  const needs = Coverage.streamsByTopic(config)
  /** By topic, why it cannot be looked at. */
  const away = new Map<string, string>()
  const look = Effect.fnUntraced(function* (topic: string) {
    const found = yield* Effect.catchIf(
      endsOf(topic),
      // One that is named is wanted, and one that no stream needs may as well not be there.
      ({ isHidden }) => isHidden === true && named.length === 0,
      ({ message }) => Effect.sync(() => void away.set(topic, message))
    )
    if (found !== undefined && found.partitions.length > 0) return [found]
    if (named.length > 0) return yield* new TopicReadError({ message: `--topic ${topic}: ${NOT_THERE}` })
    // The local log has a topic from its first record on: without one there is nothing of its streams, no more.
    if (found !== undefined && config.sink !== "local") away.set(topic, NOT_THERE)
    return []
  })
  const topics = (yield* Effect.forEach(names, look, { concurrency: 4 })).flat()
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
  const wanting = Array.from(needs.keys()).flatMap((topic): ReadonlyArray<Coverage.AbsentTopic> => {
    const reason = away.get(topic)
    return reason === undefined ? [] : [{ topic, streams: Coverage.askedOf(config, topic), reason }]
  })
  // A shell in which they are not set says nothing of what the connector is told.
  const { streams } = exchangeOf(config.binance.market)
  const isSaid = config.shown[streams.name] !== streams.default
  const absent = isSaid ? wanting : []
  const unsaid = isSaid
    ? []
    : wanting.map(({ topic }) => `${topic} is not there, and ${streams.name} is not set: its default needs it`)
  const looked = Array.from(needs).filter(([topic]) => names.includes(topic) && !away.has(topic))
  const unkept =
    ledger.unkept() === 0 ? [] : [`${ledger.unkept()} more records of ${settings.continuity} are not listed`]
  return {
    at,
    topics: [...topics, ...(continuity.partitions.length > 0 ? [continuity] : [])],
    series: report.series,
    continuity: ledger.statements(),
    unreadable: [...report.unreadable, ...ofContinuity],
    absent,
    notes: [...report.notes, ...unsaid, ...Coverage.unheard(new Map(looked), report.series), ...unkept],
    complete: report.complete && report.series.length > 0 && unreadable === 0 && absent.length === 0
  } satisfies Verdict
})
