/** The results in markdown: for each cell a table, a row for each contestant, medians with their least and greatest. */
import type { Measurement } from "../cells/Cell.ts"
import { type Spread, spread } from "./statistics.ts"

const number = (value: number): string =>
  !Number.isFinite(value)
    ? "-"
    : Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString("en")
      : Math.abs(value) >= 100
        ? value.toFixed(0)
        : value.toFixed(1)

const cellOf = ({ max, median, min, rounds }: Spread): string =>
  rounds === 1 || min === max ? number(median) : `${number(median)} [${number(min)}..${number(max)}]`

const rowOf = (some: ReadonlyArray<Measurement>, columns: ReadonlyArray<string>): string => {
  const [first] = some
  const wrong = some.flatMap(({ faults, round }) => faults.map((fault) => `round ${round}: ${fault}`))
  const figures = columns.map((name) => cellOf(spread(some.flatMap(({ figures }) => figures[name] ?? []))))
  return `| ${first?.contestant} | ${first?.variant} | ${figures.join(" | ")} | ${wrong.length === 0 ? "right" : `**WRONG** ${wrong.join("; ")}`} |`
}

const section = (cell: string, some: ReadonlyArray<Measurement>): string => {
  const columns = [...new Set(some.flatMap(({ figures }) => Object.keys(figures)))]
  const rows = [...Map.groupBy(some, ({ contestant, variant }) => `${variant} ${contestant}`).values()]
  return [
    `## ${cell}`,
    "",
    `| contestant | variant | ${columns.join(" | ")} | what was stored |`,
    `|---|---|${columns.map(() => "---|").join("")}---|`,
    ...rows.map((row) => rowOf(row, columns))
  ].join("\n")
}

export const table = (measurements: ReadonlyArray<Measurement>): string =>
  [...Map.groupBy(measurements, ({ cell }) => cell)].map(([cell, some]) => section(cell, some)).join("\n\n")
