/**
 * Judges the records of data topics by themselves: the ids that their payloads hold say what is missing, what is there
 * twice and what stands out of order; the key says in which partition a record belongs. Give it every record, each
 * partition in offset order, then ask for the report.
 *
 * What has a sequence is judged by ranges of ids, so that millions of records need little memory; what has none (tickers,
 * open candles) by its event-id among the last `RECENT_IDS` of its topic.
 */
import { type Exit, Option, Schema } from "effect"
import { Envelope } from "../schema/Envelope.ts"
import * as EventId from "../schema/EventId.ts"
import { kindOf, markets } from "../schema/Market.ts"
import { type EventFacts, isReplayable, type StreamKind } from "../schema/StreamKind.ts"
import {
  type Audit,
  type AuditedRecord,
  type AuditReport,
  isSound,
  type Options,
  type SeriesReport
} from "./audit/contract.ts"
import * as GapLedger from "./GapLedger.ts"
import * as Placement from "./Placement.ts"
import * as Spans from "./Spans.ts"

export * from "./audit/contract.ts"

/** A double that comes later than so many other events of its topic is not seen. */
const RECENT_IDS = 10_000

/** What `JSON.parse` gives is JSON: the payload is left to its kind to judge, which costs a third of the whole. */
const ParsedEnvelope = Schema.Struct({ ...Envelope.fields, original_data: Schema.Unknown })
type ParsedEnvelope = typeof ParsedEnvelope.Type
const decodeEnvelope = Schema.decodeUnknownOption(ParsedEnvelope)

interface Series {
  readonly topic: string
  readonly stream: string
  readonly symbol: string
  /** As the continuity topic calls it. */
  readonly name: string
  readonly kind: StreamKind
  readonly spans: Spans.Spans
  readonly unsaid: Spans.Spans
  readonly placement: Placement.Placement
  records: number
  backfilled: number
  late: number
  duplicates: number
  outOfOrder: number
  wrongKey: number
}

/** Where a series stands in one partition. */
interface Cursor {
  /** `binance:<market>:<stream>:<SYMBOL>:` */
  readonly prefix: string
  readonly series: Series
  highest: number
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}

/** Keeps the most recent ids, and says of one whether it is new. */
const recentIds = () => {
  const ids = new Set<string>()
  return (id: string): boolean => {
    if (ids.has(id)) return false
    ids.add(id)
    const [oldest] = ids
    if (ids.size > RECENT_IDS && oldest !== undefined) ids.delete(oldest)
    return true
  }
}

const makeTopic = () => ({
  isNew: recentIds(),
  series: new Map<string, Series>(),
  /** By partition, then by symbol. */
  cursors: new Map<number, Map<string, Array<Cursor>>>()
})
type Topic = ReturnType<typeof makeTopic>

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const make = ({ ledger = GapLedger.make(), partitions = new Map() }: Options = {}): Audit => {
  const topics = new Map<string, Topic>()
  const unreadable = new Map<string, { readonly topic: string; records: number; readonly reason: string }>()

  const topicOf = (name: string): Topic => {
    const topic = topics.get(name) ?? makeTopic()
    topics.set(name, topic)
    return topic
  }

  const newSeries = (topic: string, stream: string, symbol: string, kind: StreamKind): Series => ({
    topic,
    stream,
    symbol,
    name: stream.startsWith("!") ? stream : `${symbol.toLowerCase()}@${stream}`,
    kind,
    spans: Spans.make(),
    unsaid: Spans.make(),
    placement: Placement.make(partitions.get(topic)),
    records: 0,
    backfilled: 0,
    late: 0,
    duplicates: 0,
    outOfOrder: 0,
    wrongKey: 0
  })

  /** The cursor of an event, found or made, or what is wrong with its id. */
  const cursorOf = (record: AuditedRecord, symbol: string, id: string): Cursor | string => {
    const { cursors, series } = topicOf(record.topic)
    const { partition = 0 } = record
    const ofPartition = cursors.get(partition) ?? new Map<string, Array<Cursor>>()
    cursors.set(partition, ofPartition)
    const ofSymbol = ofPartition.get(symbol) ?? []
    const known = ofSymbol.find(({ prefix }) => id.startsWith(prefix))
    if (known !== undefined) return known

    const parts = EventId.parse(id, symbol)
    const kind = parts === undefined ? undefined : kindOf(markets[parts.market], parts.suffix)
    if (parts === undefined || kind === undefined) return `the event-id ${JSON.stringify(id)} names no known stream`
    const { market, suffix: stream } = parts
    const name = `${market} ${stream} ${symbol}`
    const one = series.get(name) ?? newSeries(record.topic, stream, symbol, kind)
    series.set(name, one)
    const cursor: Cursor = { prefix: EventId.prefixOf({ kind, suffix: stream }, symbol), series: one, highest: -1 }
    ofPartition.set(symbol, [...ofSymbol, cursor])
    return cursor
  }

  /** What is wrong with a payload in its envelope, if anything. */
  const faultOf = ({ prefix, series }: Cursor, envelope: ParsedEnvelope, facts: EventFacts, id: string) => {
    const { kind, stream, symbol } = series
    if (facts.symbol !== undefined && facts.symbol !== symbol) {
      return `the payload is of ${JSON.stringify(facts.symbol)}, the record of ${JSON.stringify(symbol)}`
    }
    if (facts.variant !== undefined && !stream.includes(facts.variant)) {
      return `the payload is of ${facts.variant}, the record of ${stream}`
    }
    const { market = "spot" } = envelope
    if (market !== kind.market) return `the market is ${market}, the event-id's ${kind.market}`
    if (envelope.stream_type !== kind.streamType(stream)) {
      return `the stream_type is ${JSON.stringify(envelope.stream_type)}, the event-id's stream ${stream}`
    }
    const own = `${prefix}${facts.id}`
    if (facts.exact ? id !== own : !id.startsWith(`${own}:`)) {
      return `the event-id is ${JSON.stringify(id)}, the payload's would begin with ${JSON.stringify(own)}`
    }
    return undefined
  }

  const judge = (record: AuditedRecord, cursor: Cursor, envelope: ParsedEnvelope, { span }: EventFacts, id: string) => {
    const { series } = cursor
    series.records++
    if (envelope.backfilled === true) series.backfilled++
    if (record.key !== series.symbol) series.wrongKey++
    series.placement.add(record)
    if (span === undefined) {
      if (!topicOf(record.topic).isNew(id)) series.duplicates++
    } else if (!series.spans.add(span)) {
      series.duplicates++
    } else if (span.last > cursor.highest) {
      cursor.highest = span.last
    } else if (ledger.filledLate(series.name, span)) {
      series.late++
    } else {
      series.outOfOrder++
      if (envelope.late === true) series.unsaid.add(span)
    }
  }

  /** Judges a record, or says why it cannot. */
  const take = (record: AuditedRecord): string | undefined => {
    const envelope = Option.getOrUndefined(decodeEnvelope(parse(record.value)))
    if (envelope === undefined) return "the value is no envelope"
    const id = record.headers["event-id"] ?? ""
    const cursor = cursorOf(record, envelope.symbol, id)
    if (typeof cursor === "string") return cursor
    const { kind } = cursor.series
    const facts: Exit.Exit<EventFacts, Schema.SchemaError> = kind.decode(envelope.original_data)
    if (facts._tag === "Failure") return `the payload is no valid ${kind.name}`
    const fault = faultOf(cursor, envelope, facts.value, id)
    if (fault === undefined) judge(record, cursor, envelope, facts.value, id)
    return fault
  }

  const reportOf = (one: Series, wrongPartition: number): SeriesReport => ({
    topic: one.topic,
    market: one.kind.market,
    stream: one.stream,
    symbol: one.symbol,
    records: one.records,
    backfilled: one.backfilled,
    late: one.late,
    first: one.spans.first(),
    last: one.spans.last(),
    ranges: one.spans.ranges(),
    holes: one.spans.missing().flatMap((hole) => ledger.explain(one.name, hole)),
    replayable: isReplayable(one.kind),
    duplicates: one.duplicates,
    outOfOrder: one.outOfOrder,
    unsaid: one.unsaid.ranges(),
    wrongKey: one.wrongKey,
    wrongPartition
  })

  const report = (): AuditReport => {
    const notes: Array<string> = []
    const series = Array.from(topics, ([name, topic]) => {
      // A series is entered before its payload is judged.
      const all = Array.from(topic.series.values()).filter(({ records }) => records > 0)
      const before = Placement.partitionsBefore(all.map(({ placement }) => placement))
      if (before !== undefined) {
        notes.push(
          `${name} seems to have had ${before} partitions before it had ${partitions.get(name)}: older records stand where their keys belonged then`
        )
      }
      return all.map((one) => reportOf(one, before === undefined ? one.placement.misplaced() : 0))
    })
      .flat()
      .toSorted((a, b) => compare(a.topic, b.topic) || compare(a.stream, b.stream) || compare(a.symbol, b.symbol))
    return {
      series,
      unreadable: Array.from(unreadable.values(), ({ topic, records, reason }) => ({ topic, records, reason })),
      notes,
      complete: series.every(isSound) && unreadable.size === 0
    }
  }

  return {
    add: (record) => {
      const fault = take(record)
      if (fault === undefined) return
      const faults = unreadable.get(record.topic) ?? { topic: record.topic, records: 0, reason: fault }
      faults.records++
      unreadable.set(record.topic, faults)
    },
    report
  }
}
