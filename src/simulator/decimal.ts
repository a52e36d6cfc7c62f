/**
 * Prices, quantities and turnovers as scaled integers, written out with the eight places of the exchange. Floats would
 * make candles that do not add up to their trades.
 */

/** One tick is 0.01 of the quote asset, one lot 0.00001 of the base asset, so tick × lot is exact in seven places. */
export const TICKS_PER_UNIT = 100
const TICK_PLACES = 2
const LOT_PLACES = 5
const TURNOVER_PLACES = TICK_PLACES + LOT_PLACES
const PLACES = 8

const decimal = (units: number | bigint, places: number): string => {
  if (units < 0) return `-${decimal(-units, places)}`
  const digits = String(units).padStart(places + 1, "0")
  return `${digits.slice(0, -places)}.${digits.slice(-places)}${"0".repeat(PLACES - places)}`
}

export const price = (ticks: number): string => decimal(ticks, TICK_PLACES)
export const quantity = (lots: number | bigint): string => decimal(lots, LOT_PLACES)
export const turnover = (units: number | bigint): string => decimal(units, TURNOVER_PLACES)

/** Turnover by volume, cut to eight places; `fallback` (ticks) where nothing was traded. */
export const averagePrice = (units: bigint, lots: bigint, fallback: number): string =>
  lots === 0n ? price(fallback) : decimal((units * 1_000_000n) / lots, PLACES)

/** The change from one price to another in percent, three places as tickers have it. */
export const percent = (from: number, to: number): string => {
  const thousandths = Math.trunc(((to - from) * 100_000) / from)
  const digits = String(Math.abs(thousandths)).padStart(4, "0")
  return `${thousandths < 0 ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`
}
