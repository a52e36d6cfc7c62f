/** The lengths of candles, as the exchange writes them. Case tells a minute from a month. */
export const intervals = [
  "1s",
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "3d",
  "1w",
  "1M"
] as const
export type Interval = (typeof intervals)[number]
