/** A verdict for people. */
import type { SeriesReport } from "../pipeline/Audit.ts"
import * as Audit from "../pipeline/Audit.ts"
import { clipped } from "../pipeline/clipped.ts"
import type { Hole, Reason } from "../pipeline/GapLedger.ts"
import type { Outcome, Plan } from "../pipeline/Repair.ts"
import type { Verdict } from "../pipeline/Verify.ts"
import type { Continuity } from "../schema/Continuity.ts"
import type { Span } from "../schema/StreamKind.ts"
import { layout } from "./table.ts"

/** More are counted only. */
const LISTED_HOLES = 20
const LISTED_STATEMENTS = 3

const HEAD = [
  "topic",
  "stream",
  "symbol",
  "records",
  "first id",
  "last id",
  "missing",
  "duplicates",
  "out of order",
  "misplaced",
  "late",
  "backfilled"
]
const FIRST_NUMBER = 3

const isCandle = (stream: string): boolean => stream.startsWith("kline")

/** Missing ids; of candles the holes, since their ids are times. */
export const missingOf = ({ holes, stream }: Pick<SeriesReport, "holes" | "stream">): number =>
  isCandle(stream) ? holes.length : holes.reduce((sum, { first, last }) => sum + last - first + 1, 0)

const cells = (series: SeriesReport): ReadonlyArray<string> => {
  const ids = (value: number): string => (series.first === undefined ? "-" : String(value))
  return [
    series.topic,
    series.stream,
    series.symbol,
    String(series.records),
    String(series.first ?? "-"),
    String(series.last ?? "-"),
    ids(missingOf(series)),
    String(series.duplicates),
    ids(series.outOfOrder),
    String(series.wrongKey + series.wrongPartition),
    ids(series.late),
    String(series.backfilled)
  ]
}

const spanText = ({ first, last }: Span): string => (first === last ? `${first}` : `${first} to ${last}`)

const countText = (stream: string, { first, last }: Span): string =>
  isCandle(stream)
    ? `${new Date(first).toISOString()} to ${new Date(last).toISOString()}`
    : `${last - first + 1} id${first === last ? "" : "s"}`

const REASONS: Readonly<Record<Reason, readonly [replayable: string, other: string]>> = {
  confirmed: ["the exchange has none either: no fault", "the exchange has none either: no fault"],
  opened: ["known to be open: it can be repaired", "explained, cannot be refilled: no fault"],
  dropped: ["known to be dropped: it can be repaired", "explained, cannot be refilled: no fault"],
  unknown: ["MISSING", "MISSING, cannot be refilled"]
}

const statementText = ({ at, instance, late, reason, type }: Continuity): string =>
  `${type}${late ? " (late)" : ""} at ${new Date(at).toISOString()} by ${instance}: ${reason}`

const holeLines = (series: SeriesReport, continuity: ReadonlyArray<Continuity>, hole: Hole): ReadonlyArray<string> => {
  const name = `${series.symbol.toLowerCase()}@${series.stream}`
  const said = continuity.filter(
    ({ from, stream, to }) => stream === name && from !== null && to !== null && from <= hole.last && to >= hole.first
  )
  return [
    `  ${series.topic} ${series.stream} ${series.symbol}: ${spanText(hole)} (${countText(series.stream, hole)}): ${REASONS[hole.reason][series.replayable ? 0 : 1]}`,
    ...said.slice(-LISTED_STATEMENTS).map((statement) => `    ${statementText(statement)}`)
  ]
}

const faultLines = (series: SeriesReport): ReadonlyArray<string> =>
  (
    [
      [series.wrongKey, "have a key that is not the symbol"],
      [series.wrongPartition, "stand in another partition than their key's"],
      [series.outOfOrder, "stand behind a higher id, and no gap-filled record says why"]
    ] as const
  ).flatMap(([count, what]) =>
    count === 0 ? [] : [`  ${series.topic} ${series.stream} ${series.symbol}: ${count} records ${what}`]
  )

const sections = (...parts: ReadonlyArray<ReadonlyArray<string>>): string =>
  parts
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")

/** The table and all that is to be said of it, without the last line. */
export const reportOf = ({ absent, continuity, notes, series, topics, unreadable }: Verdict): string => {
  const holes = series.flatMap((one) => one.holes.map((hole) => [one, hole] as const))
  // Faults first.
  const rank = ([one, hole]: (typeof holes)[number]): number => (Audit.isFault(hole, one.replayable) ? 0 : 1)
  const listed = holes.toSorted((a, b) => rank(a) - rank(b)).slice(0, LISTED_HOLES)
  const more = holes.length - listed.length
  return sections(
    series.length === 0 ? [] : [layout(HEAD, series.map(cells), (column) => column < FIRST_NUMBER)],
    [
      ...listed.flatMap(([one, hole]) => holeLines(one, continuity, hole)),
      ...(more > 0 ? [`  and ${more} more holes: --json lists them all`] : [])
    ],
    [
      ...series.flatMap(faultLines),
      ...unreadable.map(({ reason, records, topic }) => `  ${topic}: ${records} records are unreadable: ${reason}`),
      ...absent.map(
        ({ reason, streams, topic }) =>
          `  ${topic}: ${reason}, and BINANCE_STREAMS needs it: ${clipped(streams.join(", "))}`
      )
    ],
    notes.map((note) => `  Note: ${note}`),
    topics.map(
      ({ partitions, topic }) =>
        `  Read: ${topic} ${partitions.map(({ from, partition, to }) => `${partition}/${from}-${to}`).join(" ")}`
    )
  )
}

/** What is proved: holes that are left have a reason. */
export const provedLine = (series: ReadonlyArray<Pick<SeriesReport, "holes">>): string =>
  `PROVED: ${series.some(({ holes }) => holes.length > 0) ? "nothing unexplained is missing" : "nothing missing"}, nothing twice, nothing out of order.`

export const lastLineOf = ({ absent, complete, series, topics, unreadable }: Verdict): string => {
  if (complete) return provedLine(series)
  if (series.length + unreadable.length === 0) {
    return topics.length === 0
      ? "NOT PROVED: none of the data topics exists, or may be seen."
      : "NOT PROVED: the data topics hold nothing."
  }
  if (absent.length > 0 && unreadable.length === 0 && series.every(Audit.isSound)) {
    return `NOT PROVED: not there, or not to be seen: ${clipped(absent.map(({ topic }) => topic).join(", "))}. The rest is sound.`
  }
  return "NOT PROVED: see what is wrong above, or with --json."
}

export const planText = ({ beyond, tasks, unsaid }: Plan): string =>
  sections(
    unsaid.map(({ span, stream }) => `  ${stream.name}: would say that ${spanText(span)} was filled in late`),
    tasks.map(
      ({ requests, span, stream, topic }) =>
        `  ${topic} ${stream.name}: would fetch ${spanText(span)} (${countText(stream.suffix, span)}), about ${requests} request${requests === 1 ? "" : "s"}`
    ),
    beyond.map(({ name, span, topic }) => `  ${topic} ${name}: ${spanText(span)} cannot be fetched again`)
  )

export const outcomeText = ({ confirmed, filled, open, task }: Outcome): string =>
  (
    [
      [filled, "filled"],
      [confirmed, "confirmed: the exchange has none"],
      [open, "still open: the exchange's history does not reach it"]
    ] as const
  )
    .flatMap(([spans, what]) => spans.map((span) => `  ${task.topic} ${task.stream.name}: ${spanText(span)} ${what}`))
    .join("\n")
