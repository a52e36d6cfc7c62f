/**
 * What `verify --json` prints: the verdict, and a digest of what it was reached on, which anyone can compute again from the
 * certificate or from another reading of the same offsets (`docs/verify.md` says how).
 */
import { createHash } from "node:crypto"
import type { Continuity } from "../schema/Continuity.ts"
import type { MarketName, Span } from "../schema/StreamKind.ts"
import type { SeriesReport, Unreadable } from "./Audit.ts"
import type { AbsentTopic } from "./Coverage.ts"
import type { Hole } from "./GapLedger.ts"
import type { ReadTopic, Verdict } from "./Verify.ts"

/** The first and the last id, both inclusive. */
export type Range = readonly [first: number, last: number]

export interface Series extends Omit<
  SeriesReport,
  "market" | "ranges" | "holes" | "first" | "last" | "replayable" | "unsaid"
> {
  /** Of spot there is no such field. */
  readonly market?: Exclude<MarketName, "spot">
  readonly ranges: ReadonlyArray<Range>
  readonly missing: ReadonlyArray<Hole>
}

export interface Certificate {
  readonly v: 1
  /** Unix ms. */
  readonly at: number
  readonly topics: ReadonlyArray<ReadTopic>
  readonly series: ReadonlyArray<Series>
  readonly continuity: ReadonlyArray<Continuity>
  readonly unreadable: ReadonlyArray<Unreadable>
  readonly absent: ReadonlyArray<AbsentTopic>
  readonly notes: ReadonlyArray<string>
  readonly complete: boolean
  /** Of the canonical text, in hex. */
  readonly sha256: string
}

const rangeOf = ({ first, last }: Span): Range => [first, last]

/** One JSON array a line: a partition's offsets, then a series' ids. */
export const canonicalText = ({ series, topics }: Pick<Certificate, "topics" | "series">): string =>
  [
    ...topics.flatMap(({ partitions, topic }) =>
      partitions.map(({ from, partition, to }) => [topic, partition, from, to])
    ),
    ...series.map(({ ranges, records, stream, symbol, topic }) => [topic, stream, symbol, records, ranges])
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("")

export const make = ({ absent, at, complete, continuity, notes, series, topics, unreadable }: Verdict): Certificate => {
  const judged = series.map((one): Series => ({
    topic: one.topic,
    ...(one.market !== "spot" && { market: one.market }),
    stream: one.stream,
    symbol: one.symbol,
    ranges: one.ranges.map(rangeOf),
    records: one.records,
    missing: one.holes,
    duplicates: one.duplicates,
    outOfOrder: one.outOfOrder,
    wrongKey: one.wrongKey,
    wrongPartition: one.wrongPartition,
    late: one.late,
    backfilled: one.backfilled
  }))
  const sha256 = createHash("sha256")
    .update(canonicalText({ topics, series: judged }))
    .digest("hex")
  return { v: 1, at, topics, series: judged, continuity, unreadable, absent, notes, complete, sha256 }
}
