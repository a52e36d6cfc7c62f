/** Half an hour at 5,000 messages a second: whether memory or latency grow. */
import { setTimeout } from "node:timers/promises"
import { connectors } from "../contestants/index.ts"
import type { Contestant } from "../contestants/job.ts"
import type { Lab } from "../Lab.ts"
import { median } from "../report/statistics.ts"
import { withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"

const RATE = 5000
const MINUTES = 30
const MINUTE = 60_000
/** Of the beginning and of the end, compared. The first two warm up. */
const COMPARED = 5
const WARM_UP = 2
/** Between two collections of the whole heap memory grows, for minutes: of the first and of the last so many the highest. */
const HIGHEST_OF = 10

const once = (lab: Lab, contestant: Contestant): Promise<Result> =>
  withTrial(lab, { contestant }, async (trial) => {
    const observer = await trial.observe()
    await trial.start()
    await trial.exchange.start(RATE)
    await setTimeout(WARM_UP * MINUTE)
    const rss: Array<number> = []
    const p99: Array<number> = []
    for (let minute = 0; minute < MINUTES; minute++) {
      const from = Date.now()
      await setTimeout(MINUTE)
      rss.push(trial.contender().residentMegabytes())
      p99.push((await observer.ask({ from, to: Date.now() })).p99)
    }
    await trial.settle()
    const faults = await trial.judge()
    const change = (values: ReadonlyArray<number>) =>
      (median(values.slice(-COMPARED)) * 100) / median(values.slice(0, COMPARED)) - 100
    const highest = (values: ReadonlyArray<number>) => Math.max(...values)
    return {
      figures: {
        rssMegabytes: median(rss.slice(-COMPARED)),
        rssChangePercent: change(rss),
        rssHighestChangePercent: (highest(rss.slice(-HIGHEST_OF)) * 100) / highest(rss.slice(0, HIGHEST_OF)) - 100,
        p99: median(p99.slice(-COMPARED)),
        p99ChangePercent: change(p99)
      },
      faults,
      series: rss.map((value, minute) => [(minute + 1) * 60, value])
    }
  })

export const drift: Cell = {
  name: "drift",
  about: `${MINUTES} minutes at ${RATE} messages a second: change of memory and latency`,
  isOnRequest: true,
  rounds: () => 1,
  cases: () => connectors.map((contestant) => ({ variant: "", contestant, run: (lab) => once(lab, contestant) }))
}
