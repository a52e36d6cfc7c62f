/** What is asked of the connector, as ratios within the rounds of one run. */
import type { Measurement } from "../cells/Cell.ts"
import { number, spreadText } from "./format.ts"
import { ratio, type Spread, spread } from "./statistics.ts"

interface Bar {
  readonly measure: string
  readonly cell: string
  readonly variant?: string
  readonly figure: string
  readonly ours: string
  /** Nobody: the figure itself is judged. */
  readonly theirs?: string
  /** Whether more is better. */
  readonly isLeast: boolean
  readonly bar?: number
  readonly aim?: number
}

const flood = { cell: "flood", figure: "perSecond", isLeast: true } as const
const rate10k = { cell: "rate-10k", isLeast: false } as const

export const BARS: ReadonlyArray<Bar> = [
  {
    measure: "flood, same driver, one partition a send",
    ...flood,
    ours: "connector",
    theirs: "bare-kafkajs-serial",
    bar: 0.85
  },
  {
    measure: "flood, same driver, unrestricted",
    ...flood,
    ours: "connector",
    theirs: "bare-kafkajs",
    aim: 1
  },
  {
    measure: "flood, CPU a message, one partition a send",
    ...flood,
    figure: "cpuMicros",
    isLeast: false,
    ours: "connector",
    theirs: "bare-kafkajs-serial",
    bar: 1 / 0.85,
    aim: 1
  },
  {
    measure: "flood, same driver, one partition a send",
    ...flood,
    ours: "connector-platformatic",
    theirs: "bare-platformatic-serial",
    bar: 0.85
  },
  {
    measure: "flood, same driver, unrestricted",
    ...flood,
    ours: "connector-platformatic",
    theirs: "bare-platformatic",
    aim: 1
  },
  {
    measure: "flood, platformatic over bare kafkajs",
    ...flood,
    ours: "connector-platformatic",
    theirs: "bare-kafkajs",
    bar: 1.5,
    aim: 2.1
  },
  { measure: "flood over naive Effect", ...flood, ours: "connector", theirs: "naive-effect", bar: 1.8, aim: 3 },
  {
    measure: "CPU at 10k/s",
    ...rate10k,
    figure: "cpuPercent",
    ours: "connector",
    theirs: "bare-kafkajs",
    bar: 1.25,
    aim: 1
  },
  {
    measure: "CPU at 10k/s",
    ...rate10k,
    figure: "cpuPercent",
    ours: "connector-platformatic",
    theirs: "bare-platformatic",
    bar: 1.25,
    aim: 1
  },
  {
    measure: "p99 at 10k/s",
    ...rate10k,
    figure: "p99",
    ours: "connector",
    theirs: "bare-kafkajs",
    bar: 1.25,
    aim: 0.7
  },
  {
    measure: "p99 at 10k/s",
    ...rate10k,
    figure: "p99",
    ours: "connector-platformatic",
    theirs: "bare-platformatic",
    bar: 1.25,
    aim: 0.7
  },
  {
    measure: "p50 at 1k/s",
    cell: "rate-1k",
    figure: "p50",
    isLeast: false,
    ours: "connector",
    theirs: "bare-kafkajs",
    bar: 1
  },
  { measure: "p50 at 1k/s, ms", cell: "rate-1k", figure: "p50", isLeast: false, ours: "connector", bar: 59, aim: 12 },
  {
    measure: "p50 at 1k/s, ms",
    cell: "rate-1k",
    figure: "p50",
    isLeast: false,
    ours: "connector-platformatic",
    bar: 59,
    aim: 12
  },
  ...(["connector", "connector-platformatic"] as const).flatMap((ours): ReadonlyArray<Bar> => [
    {
      measure: "30k/s for 60 s, delivered %",
      cell: "sustained",
      figure: "deliveredPercent",
      isLeast: true,
      ours,
      bar: 99.5
    },
    { measure: "30k/s for 60 s, p99 ms", cell: "sustained", figure: "p99", isLeast: false, ours, aim: 35 },
    {
      measure: "p99.9 of other keys while a gap is filled",
      cell: "gaps",
      variant: "10000/s",
      figure: "ratioP999",
      isLeast: false,
      ours,
      bar: 2
    },
    { measure: "idle CPU, % of a core", cell: "idle", figure: "cpuPercent", isLeast: false, ours, bar: 1 },
    { measure: "RSS in a flood, MB", cell: "flood", figure: "rssMegabytes", isLeast: false, ours, bar: 350, aim: 150 },
    {
      measure: "RSS with 3,000 streams, MB",
      cell: "streams",
      variant: "3,000 streams, three connections",
      figure: "rssMegabytes",
      isLeast: false,
      ours,
      bar: 400
    },
    { measure: "RSS change in 30 minutes, %", cell: "drift", figure: "rssChangePercent", isLeast: false, ours, bar: 5 },
    {
      measure: "drain ÷ live rate, broker killed",
      cell: "outage",
      variant: "killed",
      figure: "drainRatio",
      isLeast: true,
      ours,
      bar: 3
    }
  ])
]

const byRound = (measurements: ReadonlyArray<Measurement>, bar: Bar, contestant: string) =>
  new Map(
    measurements.flatMap((one) => {
      const value = one.figures[bar.figure]
      const isMeant =
        one.cell === bar.cell &&
        one.contestant === contestant &&
        (bar.variant === undefined || one.variant === bar.variant)
      return isMeant && value !== undefined ? [[one.round, value] as const] : []
    })
  )

const measured = (measurements: ReadonlyArray<Measurement>, bar: Bar): Spread | undefined => {
  const ours = byRound(measurements, bar, bar.ours)
  if (bar.theirs !== undefined) return ratio(ours, byRound(measurements, bar, bar.theirs))
  return ours.size === 0 ? undefined : spread([...ours.values()])
}

const meets = ({ isLeast }: Bar, { median }: Spread, limit: number | undefined): boolean =>
  limit !== undefined && (isLeast ? median >= limit : median <= limit)

const verdict = (bar: Bar, found: Spread): string => {
  if (meets(bar, found, bar.aim)) return "aim reached"
  if (bar.bar === undefined) return "aim missed"
  return meets(bar, found, bar.bar) ? "met" : "**missed**"
}

const row = (bar: Bar, found: Spread): string => {
  const sign = bar.isLeast ? "≥" : "≤"
  const who = bar.theirs === undefined ? bar.ours : `${bar.ours} ÷ ${bar.theirs}`
  const limit = (value: number | undefined) => (value === undefined ? "" : `${sign} ${number(value)}`)
  return `| ${bar.measure} | ${who} | ${spreadText(found)} | ${found.rounds} | ${limit(bar.bar)} | ${limit(bar.aim)} | ${verdict(bar, found)} |`
}

/** Those that this run has measured. */
export const barsTable = (measurements: ReadonlyArray<Measurement>): string => {
  const rows = BARS.flatMap((bar) => {
    const found = measured(measurements, bar)
    return found === undefined ? [] : [row(bar, found)]
  })
  return rows.length === 0
    ? "None of the bars was measured."
    : [
        "| measure | of | median [least..greatest] | rounds | bar | aim | |",
        "|---|---|---|---|---|---|---|",
        ...rows
      ].join("\n")
}
