/** At fixed rates: what is delivered, at what cost, and how long a record takes from the exchange to a consumer. */
import { setTimeout } from "node:timers/promises"
import { bareKafkajs, barePlatformatic, connectors } from "../contestants/index.ts"
import type { Lab } from "../Lab.ts"
import { type Setup, withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"
import { warmUp, WHOLE_MILLIS } from "./warmUp.ts"

export const steadyOnce = (
  lab: Lab,
  setup: Setup,
  rate: number,
  millis: number,
  warmUpMillis?: number
): Promise<Result> =>
  withTrial(lab, setup, async (trial) => {
    const observer = await trial.observe()
    await trial.start()
    await warmUp(trial, warmUpMillis)
    await trial.exchange.start(rate)
    await setTimeout(1500)
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

/** On each driver the connector and what it is compared with. */
const takers = [...connectors, bareKafkajs, barePlatformatic]

const steady = (rate: number, rounds: number, isInQuick: boolean): Cell => ({
  name: `rate-${rate / 1000}k`,
  about: `${rate} messages a second`,
  isInQuick,
  rounds: ({ isQuick }) => (isQuick ? 1 : rounds),
  cases: ({ isQuick }) =>
    takers.map((contestant) => ({
      variant: `${rate}/s`,
      contestant,
      run: (lab) =>
        isQuick
          ? steadyOnce(lab, { contestant }, rate, 3000)
          : steadyOnce(lab, { contestant }, rate, 5000, WHOLE_MILLIS)
    }))
})

export const rates: ReadonlyArray<Cell> = [
  steady(1000, 2, true),
  steady(5000, 1, false),
  steady(10_000, 7, true),
  steady(50_000, 1, false)
]

export const sustained: Cell = {
  name: "sustained",
  about: "30,000 messages a second for a minute",
  rounds: () => 1,
  cases: () =>
    takers.map((contestant) => ({
      variant: "30000/s",
      contestant,
      run: (lab) => steadyOnce(lab, { contestant }, 30_000, 60_000, WHOLE_MILLIS)
    }))
}
