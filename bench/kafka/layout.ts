/** The topics that every contestant writes to, behind the run's prefix. */
import type { Kind } from "../generator/streams.ts"

export const PARTITIONS = 6

export const topicOf: Readonly<Record<Kind, string>> = {
  trade: "raw_trades",
  kline: "raw_klines",
  ticker: "raw_tickers"
}
