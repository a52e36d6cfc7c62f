/** Figures as people read them. */
import type { Spread } from "./statistics.ts"

export const number = (value: number): string => {
  if (!Number.isFinite(value)) return "-"
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString("en")
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export const spreadText = ({ max, median, min, rounds }: Spread): string =>
  rounds <= 1 || min === max ? number(median) : `${number(median)} [${number(min)}..${number(max)}]`
