/**
 * Instants and candle boundaries. The market counts in microseconds; a connection or a REST request chooses the unit it
 * is told.
 */
import { type Interval, intervals } from "../schema/intervals.ts"

export type TimeUnit = "ms" | "us"

/** An instant of the market (µs) in the unit asked for. */
export const instant = (micros: number, unit: TimeUnit): number => (unit === "us" ? micros : Math.floor(micros / 1000))

/** The last instant before a boundary (ms) in the unit asked for: the close time of the candle that ends there. */
export const lastBefore = (boundaryMillis: number, unit: TimeUnit): number =>
  unit === "us" ? boundaryMillis * 1000 - 1 : boundaryMillis - 1

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const isInterval = (text: string): text is Interval => intervals.some((interval) => interval === text)

/** Length in ms; a month's is its calendar's. */
const lengths: Record<Exclude<Interval, "1M">, number> = {
  "1s": SECOND,
  "1m": MINUTE,
  "3m": 3 * MINUTE,
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": HOUR,
  "2h": 2 * HOUR,
  "4h": 4 * HOUR,
  "6h": 6 * HOUR,
  "8h": 8 * HOUR,
  "12h": 12 * HOUR,
  "1d": DAY,
  "3d": 3 * DAY,
  "1w": 7 * DAY
}

/** The offset of the `@+08:00` candles. */
export const EAST_8 = 8 * HOUR

/** Whether candles of this length open elsewhere at an offset of eight hours. */
export const dependsOnOffset = (interval: Interval): boolean => interval === "1M" || EAST_8 % lengths[interval] !== 0

/** Weeks open on Monday; the epoch was a Thursday. */
const phase = (interval: Interval): number => (interval === "1w" ? 4 * DAY : 0)

/** Where the candle that holds `millis` opens, and where the next one does. */
export const candleBounds = (interval: Interval, offset: number, millis: number) => {
  const local = millis + offset
  if (interval === "1M") {
    const date = new Date(local)
    const year = date.getUTCFullYear()
    const month = date.getUTCMonth()
    return { open: Date.UTC(year, month) - offset, end: Date.UTC(year, month + 1) - offset }
  }
  const length = lengths[interval]
  const open = Math.floor((local - phase(interval)) / length) * length + phase(interval) - offset
  return { open, end: open + length }
}
