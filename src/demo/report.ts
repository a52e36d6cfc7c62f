/** The proof as a table for people. */
import type { ProofRow } from "./Proof.ts"

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
  "sent"
]
const FIRST_NUMBER = 3

/** Missing ids; of candles the holes, since their ids are times. */
const missingOf = ({ missing, stream }: ProofRow): number =>
  stream.startsWith("kline") ? missing.length : missing.reduce((sum, { first, last }) => sum + last - first + 1, 0)

const sentOf = ({ differences, stream }: ProofRow): string => {
  if (differences === undefined) return "-"
  if (differences.length > 0) return differences.join("; ")
  return stream === "trade" ? "same bytes" : "all of it"
}

const cells = (row: ProofRow): ReadonlyArray<string> => [
  row.topic,
  row.stream,
  row.symbol,
  String(row.records),
  String(row.first ?? "-"),
  String(row.last ?? "-"),
  row.first === undefined ? "-" : String(missingOf(row)),
  String(row.duplicates),
  row.first === undefined ? "-" : String(row.outOfOrder),
  sentOf(row)
]

export const table = (rows: ReadonlyArray<ProofRow>): string => {
  const lines = [HEAD, ...rows.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0
          const isText = column < FIRST_NUMBER || column === HEAD.length - 1
          return isText ? cell.padEnd(width) : cell.padStart(width)
        })
        .join("  ")
        .trimEnd()
    )
    .map((line) => `  ${line}`)
    .join("\n")
}
