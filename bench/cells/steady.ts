/** At fixed rates: what is delivered, at what cost, and how long a record takes from the exchange to a consumer. */
import { setTimeout } from "node:timers/promises"
import type { Contestant } from "../contestants/job.ts"
import { bareKafkajs, barePlatformatic, connectors, naiveEffect, storing } from "../contestants/index.ts"
import type { Lab } from "../Lab.ts"
import { type Setup, withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"

const WARM_UP = 3000

export const steadyOnce = (lab: Lab, setup: Setup, rate: number, millis: number): Promise<Result> =>
  withTrial(lab, setup, async (trial) => {
    const observer = await trial.observe()
    await trial.start()
    await trial.exchange.start(rate)
    await setTimeout(WARM_UP)
    const before = (await trial.sent()) - (await trial.stored()).count
    const { cpuMicros, cpuPercent, from, gcPercent, perSecond, to } = await trial.measure(millis)
    const after = (await trial.sent()) - (await trial.stored()).count
    const rssMegabytes = trial.contender().peakMegabytes()
    await trial.settle()
    const { max, p50, p99, p999 } = await observer.ask({ from, to })
    const faults = await trial.judge()
    const deliveredPercent = Math.min(100, (perSecond * 100) / rate)
    const backlogGrowth = after - before
    const figures = { deliveredPercent, backlogGrowth, cpuPercent, cpuMicros, gcPercent, rssMegabytes }
    return { figures: { ...figures, p50, p99, p999, max }, faults }
  })

interface Options {
  readonly rate: number
  readonly rounds: number
  readonly isInQuick?: boolean
  readonly takers: ReadonlyArray<Contestant>
}

/** Those that a quick run takes the time for. */
const QUICK = [...connectors, bareKafkajs, barePlatformatic]

const steady = ({ isInQuick = false, rate, rounds, takers }: Options): Cell => ({
  name: `rate-${rate / 1000}k`,
  about: `${rate} messages a second`,
  isInQuick,
  rounds: ({ isQuick }) => (isQuick ? 1 : rounds),
  cases: ({ isQuick }) =>
    (isQuick ? QUICK : takers).map((contestant) => ({
      variant: `${rate}/s`,
      contestant,
      run: (lab) => steadyOnce(lab, { contestant }, rate, isQuick ? 3000 : 5000)
    }))
})

/** One of them at a rate far beyond its own would only be waited for. */
const quick = storing.filter((one) => one !== naiveEffect)

export const rates: ReadonlyArray<Cell> = [
  steady({ rate: 1000, rounds: 3, isInQuick: true, takers: storing }),
  steady({ rate: 5000, rounds: 2, takers: storing }),
  steady({ rate: 10_000, rounds: 7, isInQuick: true, takers: storing }),
  steady({ rate: 30_000, rounds: 3, takers: quick }),
  steady({ rate: 50_000, rounds: 2, takers: quick })
]

export const sustained: Cell = {
  name: "sustained",
  about: "30,000 messages a second for a minute",
  rounds: () => 1,
  cases: () =>
    [...connectors, barePlatformatic].map((contestant) => ({
      variant: "30000/s",
      contestant,
      run: (lab) => steadyOnce(lab, { contestant }, 30_000, 60_000)
    }))
}
