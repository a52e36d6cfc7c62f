/** The proof as a table for people. */
import { missingOf } from "./report.ts"
import { layout } from "./table.ts"
import type { ProofRow } from "../demo/Proof.ts"

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

export const table = (rows: ReadonlyArray<ProofRow>): string =>
  layout(HEAD, rows.map(cells), (column) => column < FIRST_NUMBER || column === HEAD.length - 1)
