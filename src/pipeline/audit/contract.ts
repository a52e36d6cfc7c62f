/** What an audit is given and what it says: see `Audit.ts`. */
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { MarketName, Span } from "../../schema/StreamKind.ts"
import type * as GapLedger from "../GapLedger.ts"

export interface AuditedRecord extends Pick<SinkRecord, "topic" | "key" | "value" | "headers" | "timestamp"> {
  /** 0 if unset: order is judged within a partition. */
  readonly partition?: number
}

/** One stream of one symbol in one topic: `raw_klines`, `kline_1m`, `BTCUSDT`. */
export interface SeriesReport {
  readonly topic: string
  readonly market: MarketName
  readonly stream: string
  readonly symbol: string
  readonly records: number
  /** Of these, the ones filled in from the exchange's history. */
  readonly backfilled: number
  /** Of these, the ones behind a higher id of which the continuity topic says that they were filled in late. */
  readonly late: number
  /** The lowest and the highest id (candles: open and close time); `undefined` for what has no sequence. */
  readonly first: number | undefined
  readonly last: number | undefined
  /** The ids that are there. */
  readonly ranges: ReadonlyArray<Span>
  /** The ids between the lowest and the highest that are in no record, by reason. */
  readonly holes: ReadonlyArray<GapLedger.Hole>
  /** Whether the exchange's history could fill them. */
  readonly replayable: boolean
  readonly duplicates: number
  /** Records behind one of a higher id, late ones aside. */
  readonly outOfOrder: number
  /** Of these, the ids of records that are marked late: whoever wrote them ended before it could say so. */
  readonly unsaid: ReadonlyArray<Span>
  /** Records whose key is not the symbol. */
  readonly wrongKey: number
  /** Records in another partition than the key's. */
  readonly wrongPartition: number
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
  /** What is no fault, and yet to be known. */
  readonly notes: ReadonlyArray<string>
  /** Nothing missing, twice, out of order, misplaced or unreadable. */
  readonly complete: boolean
}

export interface Audit {
  readonly add: (record: AuditedRecord) => void
  readonly report: () => AuditReport
}

export interface Options {
  /** What the continuity topic says; complete before the first record is added. */
  readonly ledger?: GapLedger.GapLedger
  /** How many partitions a topic has; of one that is not named here, places are not judged. */
  readonly partitions?: ReadonlyMap<string, number>
}

/** A hole that no fill can close, or that the exchange has itself, is no fault. */
export const isFault = ({ reason }: GapLedger.Hole, replayable: boolean): boolean =>
  reason === "unknown" || (replayable && reason !== "confirmed")

export const isSound = (series: SeriesReport): boolean =>
  series.duplicates + series.outOfOrder + series.wrongKey + series.wrongPartition === 0 &&
  !series.holes.some((hole) => isFault(hole, series.replayable))
