/**
 * Judges the records of data topics by themselves: the ids that their payloads hold say what is missing, what is there
 * twice and what stands out of order. Give it every record in offset order, then ask for the report.
 *
 * What has a sequence is judged by ranges of ids, so that millions of records need little memory; what has none (tickers,
 * open candles) by its event-id among the last `RECENT_IDS` of its topic.
 */
import { Exit, Option, Schema } from "effect"
import { Envelope } from "../schema/Envelope.ts"
import * as EventId from "../schema/EventId.ts"
import { streamKinds } from "../schema/kinds/registry.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { EventFacts, Span, StreamKind } from "../schema/StreamKind.ts"
import * as Spans from "./Spans.ts"

/** A double that comes later than so many other events of its topic is not seen. */
const RECENT_IDS = 10_000

export type AuditedRecord = Pick<SinkRecord, "topic" | "key" | "value" | "headers">

/** One stream of one symbol in one topic: `raw_klines`, `kline_1m`, `BTCUSDT`. */
export interface SeriesReport {
  readonly topic: string
  readonly stream: string
  readonly symbol: string
  readonly records: number
  /** Of these, the ones filled in from the exchange's history. */
  readonly backfilled: number
  /** The lowest and the highest id (candles: open and close time); `undefined` for what has no sequence. */
  readonly first: number | undefined
  readonly last: number | undefined
  /** The ids between these two that are in no record. */
  readonly missing: ReadonlyArray<Span>
  readonly duplicates: number
  /** Records behind one of a higher id; late backfilled ones are meant to be there. */
  readonly outOfOrder: number
}

/** Records that are no envelope of a valid event. */
export interface Unreadable {
  readonly topic: string
  readonly records: number
  /** What was wrong with the first. */
  readonly reason: string
}

export interface AuditReport {
  /** By topic, stream and symbol. */
  readonly series: ReadonlyArray<SeriesReport>
  readonly unreadable: ReadonlyArray<Unreadable>
  /** Nothing missing, twice, out of order or unreadable. */
  readonly complete: boolean
}

export interface Audit {
  readonly add: (record: AuditedRecord) => void
  readonly report: () => AuditReport
}

const decodeEnvelope = Schema.decodeUnknownOption(Envelope)

interface Event {
  readonly id: string
  /** The stream's name without its symbol: intervals and speeds are sequences of their own. */
  readonly stream: string
  readonly symbol: string
  readonly backfilled: boolean
  readonly span: Span | undefined
}

interface Series {
  readonly topic: string
  readonly stream: string
  readonly symbol: string
  readonly spans: Spans.Spans
  records: number
  backfilled: number
  duplicates: number
  outOfOrder: number
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

/** The event of a record, or what is wrong with it. */
const reader = (kinds: ReadonlyArray<StreamKind>) => {
  const kindOf = new Map(
    kinds.flatMap((kind) => [...kind.suffixes, ...kind.allMarket].map((stream) => [stream, kind] as const))
  )

  return ({ headers, key, value }: AuditedRecord): Event | string => {
    const envelope = Option.getOrUndefined(decodeEnvelope(parse(value)))
    if (envelope === undefined) return "the value is no envelope"
    const { backfilled = false, original_data: payload, symbol } = envelope
    if (key !== symbol) return `the key is ${JSON.stringify(key)}, the symbol ${JSON.stringify(symbol)}`
    const id = headers["event-id"] ?? ""
    const stream = EventId.suffixOf(id, symbol)
    const kind = stream === undefined ? undefined : kindOf.get(stream)
    if (stream === undefined || kind === undefined) return `the event-id ${JSON.stringify(id)} names no known stream`
    const facts: Exit.Exit<EventFacts, Schema.SchemaError> = kind.decode(payload)
    if (Exit.isFailure(facts)) return `the payload is no valid ${kind.name}`
    if (facts.value.symbol !== undefined && facts.value.symbol !== symbol) {
      return `the payload is of ${JSON.stringify(facts.value.symbol)}, the record of ${JSON.stringify(symbol)}`
    }
    return { id, stream, symbol, backfilled, span: facts.value.span }
  }
}

const judge = (series: Series, { backfilled, id, span }: Event, isNew: (id: string) => boolean) => {
  const highest = series.spans.last()
  series.records++
  if (backfilled) series.backfilled++
  if (span === undefined) {
    if (!isNew(id)) series.duplicates++
  } else if (!series.spans.add(span)) {
    series.duplicates++
  } else if (highest !== undefined && span.last < highest && !backfilled) {
    series.outOfOrder++
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const make = (kinds: ReadonlyArray<StreamKind> = streamKinds): Audit => {
  const read = reader(kinds)
  const topics = new Map<string, { readonly isNew: (id: string) => boolean; readonly series: Map<string, Series> }>()
  const unreadable = new Map<string, { readonly topic: string; records: number; readonly reason: string }>()

  const topicOf = (name: string) => {
    const topic = topics.get(name) ?? { isNew: recentIds(), series: new Map<string, Series>() }
    topics.set(name, topic)
    return topic
  }

  const reportOf = ({ spans, ...series }: Series): SeriesReport => ({
    ...series,
    first: spans.first(),
    last: spans.last(),
    missing: spans.missing()
  })

  return {
    add: (record) => {
      const event = read(record)
      if (typeof event === "string") {
        const faults = unreadable.get(record.topic) ?? { topic: record.topic, records: 0, reason: event }
        faults.records++
        unreadable.set(record.topic, faults)
        return
      }
      const { isNew, series } = topicOf(record.topic)
      const name = `${event.stream} ${event.symbol}`
      const one = series.get(name) ?? {
        topic: record.topic,
        stream: event.stream,
        symbol: event.symbol,
        spans: Spans.make(),
        records: 0,
        backfilled: 0,
        duplicates: 0,
        outOfOrder: 0
      }
      series.set(name, one)
      judge(one, event, isNew)
    },
    report: () => {
      const series = Array.from(topics.values(), (topic) => Array.from(topic.series.values(), reportOf))
        .flat()
        .toSorted((a, b) => compare(a.topic, b.topic) || compare(a.stream, b.stream) || compare(a.symbol, b.symbol))
      const sound = series.every((one) => one.missing.length + one.duplicates + one.outOfOrder === 0)
      return {
        series,
        unreadable: Array.from(unreadable.values(), ({ topic, records, reason }) => ({ topic, records, reason })),
        complete: sound && unreadable.size === 0
      }
    }
  }
}
