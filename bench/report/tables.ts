/** For each cell a table in markdown: a row for each contestant, medians with the least and the greatest of the rounds. */
import type { Measurement } from "../cells/Cell.ts"
import { spreadText } from "./format.ts"
import { spread } from "./statistics.ts"

/** What the columns are called. */
const TITLES: Readonly<Record<string, string>> = {
  perSecond: "messages/s",
  cpuMicros: "CPU µs/message",
  cpuPercent: "CPU %",
  gcPercent: "GC %",
  rssMegabytes: "RSS MB",
  otherCorePercent: "the other core %",
  deliveredPercent: "delivered %",
  backlogGrowth: "backlog grew by",
  p50: "p50 ms",
  p99: "p99 ms",
  p999: "p99.9 ms",
  max: "max ms",
  backlog: "backlog",
  drainSeconds: "drained in s",
  drainRatio: "drain ÷ live rate",
  rowsPerSecond: "rows/s",
  calmP999: "p99.9 ms without",
  fillingP999: "p99.9 ms during",
  ratioP999: "during ÷ without",
  subscribedMillis: "subscribed ms",
  storedMillis: "first record ms",
  stopMillis: "stop ms",
  restartMillis: "restart to record ms",
  rssChangePercent: "RSS change %",
  rssHighestChangePercent: "highest RSS change %",
  p99ChangePercent: "p99 change %"
}

const faultsText = (some: ReadonlyArray<Measurement>): string => {
  const wrong = some.filter(({ faults }) => faults.length > 0)
  return wrong.length === 0
    ? "right"
    : `**WRONG** ${wrong.map(({ faults, round }) => `${faults.join(", ")} (round ${round})`).join("; ")}`
}

const rowOf = (some: ReadonlyArray<Measurement>, columns: ReadonlyArray<string>): string => {
  const [first] = some
  const figures = columns.map((name) => spreadText(spread(some.flatMap(({ figures }) => figures[name] ?? []))))
  return `| ${[first?.variant, first?.contestant, ...figures, faultsText(some)].join(" | ")} |`
}

const section = (cell: string, some: ReadonlyArray<Measurement>): string => {
  const columns = [...new Set(some.flatMap(({ figures }) => Object.keys(figures)))]
  const titles = ["", "contestant", ...columns.map((name) => TITLES[name] ?? name), "what was stored"]
  const rounds = new Set(some.map(({ round }) => round)).size
  return [
    `## ${cell} (${rounds === 1 ? "one round" : `${rounds} rounds`})`,
    "",
    `| ${titles.join(" | ")} |`,
    `|${titles.map(() => "---|").join("")}`,
    ...[...Map.groupBy(some, ({ contestant, variant }) => `${variant}/${contestant}`).values()].map((row) =>
      rowOf(row, columns)
    )
  ].join("\n")
}

export const cellTables = (measurements: ReadonlyArray<Measurement>): string =>
  [...Map.groupBy(measurements, ({ cell }) => cell)].map(([cell, some]) => section(cell, some)).join("\n\n")
