/** Outcomes as a table for people. */
import type { Outcome } from "./execute.ts"

const COLUMNS = [
  "scenario",
  "acks",
  "generated",
  "missing",
  "duplicated",
  "out of order",
  "late",
  "mutated",
  "gaps",
  "refilled",
  "dead",
  "seconds",
  "verdict"
]

/** With a sabotage it has to fail. */
export const isAsItMustBe = ({ faults, sabotage }: Outcome): boolean =>
  (faults.length === 0) === (sabotage === undefined)

const verdict = (outcome: Outcome): string => {
  const { faults, sabotage } = outcome
  if (sabotage === undefined) return faults.length === 0 ? "ok" : "FAILED"
  return faults.length > 0 ? "fails, as it must" : "HOLDS, BUT MUST NOT"
}

const WIDE = 28

const cells = (outcome: Outcome): ReadonlyArray<string> => {
  const { acks, judgement, name, sabotage, seconds } = outcome
  const numbers =
    judgement === undefined
      ? Array.from({ length: 9 }, () => "-")
      : [
          judgement.generated,
          judgement.missing,
          judgement.duplicated,
          judgement.outOfOrder,
          judgement.late,
          judgement.mutated,
          judgement.gaps,
          judgement.backfilled,
          judgement.deadLetters
        ].map(String)
  return [sabotage === undefined ? name : `${name} ! ${sabotage}`, acks, ...numbers, String(seconds), verdict(outcome)]
}

const line = (texts: ReadonlyArray<string>): string =>
  texts
    .map((text, column) => {
      if (column === 0) return text.padEnd(WIDE)
      if (column === COLUMNS.length - 1) return text
      return text.padStart(Math.max(COLUMNS[column]?.length ?? 0, column === 2 ? 9 : 4))
    })
    .join("  ")

export const head = line(COLUMNS)

/** One line, and below it what is wrong or worth to know. */
export const row = (outcome: Outcome): string =>
  [
    line(cells(outcome)),
    ...outcome.notes.map((note) => `    ${note}`),
    ...outcome.faults.map((fault) => `    - ${fault}`)
  ].join("\n")
