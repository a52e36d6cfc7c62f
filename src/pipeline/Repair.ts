/**
 * Fills the holes that an audit found from the exchange's history: the records it makes are the pipeline's own, marked
 * `backfilled` and `late`, and each hole gets its record on the continuity topic. What the history lacks too is confirmed.
 *
 * It adds and never takes away: doubles and what stands out of order stay as they are.
 */
import { Clock, Duration, Effect, Option, Result } from "effect"
import { markets } from "../schema/Market.ts"
import { parseStreamName, type StreamName } from "../schema/StreamName.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { Span } from "../schema/StreamKind.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink } from "../services/EventSink.ts"
import { MarketHistory, MOST_EVENTS } from "../services/MarketHistory.ts"
import type { SeriesReport } from "./Audit.ts"
import * as ContinuityRecord from "./ContinuityRecord.ts"
import * as Records from "./Records.ts"
import * as Spans from "./Spans.ts"

/** What is not there is asked for so often: the history is behind the streams. */
const ATTEMPTS = 3
const PAUSE = Duration.seconds(1)

/** A hole to fill. */
export interface Task {
  readonly topic: string
  readonly stream: StreamName
  readonly span: Span
  /** How many pages it will take, about. */
  readonly requests: number
}

export interface Plan {
  readonly tasks: ReadonlyArray<Task>
  /** Ids that are there, marked late, and of which the continuity topic does not say so. */
  readonly unsaid: ReadonlyArray<{ readonly stream: StreamName; readonly span: Span }>
  /** Holes that no history serves. */
  readonly beyond: ReadonlyArray<{ readonly topic: string; readonly name: string; readonly span: Span }>
}

/** What became of a task: the ids now there, those that the exchange has none of, and those it did not give. */
export interface Outcome {
  readonly task: Task
  readonly filled: ReadonlyArray<Span>
  readonly confirmed: ReadonlyArray<Span>
  readonly open: ReadonlyArray<Span>
}

const MINUTE = 60_000
const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: MINUTE,
  h: 60 * MINUTE,
  d: 24 * 60 * MINUTE,
  w: 7 * 24 * 60 * MINUTE,
  M: 28 * 24 * 60 * MINUTE
}

/** How many ids an event of the stream takes: the milliseconds of a candle, one else. */
const stepOf = ({ kind, suffix }: StreamName): number => {
  const [, count, unit = ""] = /_(\d+)([smhdwM])/.exec(suffix) ?? []
  return kind.name === "kline" && count !== undefined ? Number(count) * (UNITS[unit] ?? 1) : 1
}

/** Holes that the exchange itself has are left alone. */
export const plan = (series: ReadonlyArray<SeriesReport>, serves: (stream: StreamName) => boolean): Plan => {
  const tasks: Array<Task> = []
  const beyond: Array<Plan["beyond"][number]> = []
  const late: Array<Plan["unsaid"][number]> = []
  for (const { holes, market, stream: suffix, symbol, topic, unsaid } of series) {
    const stream = Result.getOrUndefined(parseStreamName(`${symbol}@${suffix}`, markets[market]))
    if (stream !== undefined) late.push(...unsaid.map((span) => ({ stream, span })))
    const open = Spans.make()
    for (const hole of holes) if (hole.reason !== "confirmed") open.add(hole)
    for (const span of open.ranges()) {
      if (stream === undefined || !serves(stream)) {
        beyond.push({ topic, name: stream?.name ?? `${symbol}@${suffix}`, span })
        continue
      }
      const events = Math.ceil((span.last - span.first + 1) / stepOf(stream))
      tasks.push({ topic, stream, span, requests: Math.ceil(events / MOST_EVENTS) })
    }
  }
  return { tasks, beyond, unsaid: late }
}

/** Says of spans what became of them. */
const state = Effect.fnUntraced(function* (
  type: "gap-filled" | "gap-confirmed",
  stream: StreamName,
  spans: ReadonlyArray<Span>
) {
  if (spans.length === 0) return
  const { kafka, topics } = yield* AppConfig
  const sink = yield* EventSink
  const origin = {
    market: stream.kind.market,
    topic: topics.continuity,
    instance: `${kafka.clientId}/repair`,
    at: yield* Clock.currentTimeMillis
  }
  const common = {
    type,
    stream: stream.name,
    symbol: stream.symbol ?? null,
    reason: "repair",
    late: type === "gap-filled"
  }
  yield* sink.publish(
    spans.map(({ first, last }) => ContinuityRecord.make(origin, { ...common, from: first, to: last }))
  )
  yield* sink.flush
})

/** Says what a repair before this one was killed too early to say. */
export const say = ({ span, stream }: Plan["unsaid"][number]) => state("gap-filled", stream, [span])

/** Fills one hole; whatever was stored when it fails or is interrupted is on the continuity topic too. */
export const fill = Effect.fn("Repair.fill")(function* (task: Task) {
  const { span, stream, topic } = task
  const history = yield* MarketHistory
  const sink = yield* EventSink
  const toRecord = Records.make(new Map([[stream.kind.name, topic]]))
  const symbol = stream.symbol ?? ""
  const filled = Spans.make()
  const voids = Spans.make()
  /** What the exchange does not tell any more. */
  const gone = Spans.make()
  const open = () => filled.lacking(span).flatMap(voids.lacking)
  const wanted = () => open().flatMap(gone.lacking)

  const keep = (records: ReadonlyArray<SinkRecord>, ranges: ReadonlyArray<Span>) =>
    Effect.uninterruptible(Effect.tap(sink.publish(records), () => Effect.sync(() => ranges.forEach(filled.add))))

  /** Publishes the events of one page that are wanted; gives the id behind the page, if it leads on. */
  const takePage = Effect.fnUntraced(function* (from: number, last: number) {
    const page = yield* history.page(stream, from, Math.min(MOST_EVENTS, last - from + 1))
    const receivedAt = yield* Clock.currentTimeMillis
    const taken = Spans.make()
    const records = page.events.flatMap(({ facts, json }) => {
      const wanted = facts.span !== undefined && from <= facts.span.first && facts.span.last <= last
      return wanted && taken.add(facts.span)
        ? [toRecord({ stream, symbol, facts, json, receivedAt, backfilled: true, late: true })]
        : []
    })
    if (records.length > 0) yield* keep(records, taken.ranges())
    if (page.goneBelow !== undefined) gone.add({ first: from, last: Math.min(last, page.goneBelow - 1) })
    for (const id of page.voids) if (from <= id && id <= last) voids.add({ first: id, last: id })
    const reached = Math.max(page.events.at(-1)?.facts.span?.last ?? -1, ...page.voids)
    return reached >= from ? reached + 1 : undefined
  })

  const walk = Effect.fnUntraced(function* ({ first, last }: Span) {
    let from: number | undefined = first
    while (from !== undefined && from <= last) from = yield* takePage(from, last)
  })

  const ask = Effect.gen(function* () {
    for (let attempt = 1; attempt <= ATTEMPTS && wanted().length > 0; attempt++) {
      if (attempt > 1) yield* Effect.sleep(PAUSE)
      yield* Effect.forEach(wanted(), walk, { discard: true })
    }
  })
  // The claim comes behind the records that it is about, and comes whatever else happens.
  yield* Effect.onExit(ask, () => Effect.andThen(sink.flush, state("gap-filled", stream, filled.ranges())))

  const newest = wanted().length > 0 ? yield* history.newest(stream) : Option.none()
  const nowhere = Spans.make()
  for (const part of voids.within(span)) nowhere.add(part)
  for (const part of wanted()) if (Option.isSome(newest) && newest.value > part.last) nowhere.add(part)
  yield* state("gap-confirmed", stream, nowhere.ranges())
  return {
    task,
    filled: filled.ranges(),
    confirmed: nowhere.ranges(),
    open: open().flatMap(nowhere.lacking)
  } satisfies Outcome
})
