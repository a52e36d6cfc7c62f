/** At fixed rates: what is delivered, at what cost, and how long a record takes from the exchange to a consumer. */
import { setTimeout } from "node:timers/promises"
import { storing } from "../contestants/index.ts"
import type { Lab } from "../Lab.ts"
import { type Setup, withTrial } from "../Trial.ts"
import type { Cell, Size } from "./Cell.ts"

export const steadyOnce = async (lab: Lab, setup: Setup, rate: number, millis: number) =>
  withTrial(lab, setup, async (trial) => {
    const observer = await trial.observe()
    await trial.start()
    await trial.exchange.start(rate)
    await setTimeout(3000)
    const { cpuMicros, cpuPercent, from, gcPercent, perSecond, to } = await trial.measure(millis)
    const rssMegabytes = trial.contender().peakMegabytes()
    await trial.settle()
    const { max, p50, p99, p999 } = await observer.ask({ from, to })
    const faults = await trial.judge()
    const deliveredPercent = Math.min(100, (perSecond * 100) / rate)
    return {
      figures: { deliveredPercent, cpuPercent, cpuMicros, gcPercent, rssMegabytes, p50, p99, p999, max },
      faults
    }
  })

const steady = (rate: number, options: { readonly rounds: number; readonly isInQuick: boolean }): Cell => ({
  name: `rate-${rate / 1000}k`,
  about: `${rate} messages a second`,
  isInQuick: options.isInQuick,
  rounds: ({ isQuick }) => (isQuick ? 1 : options.rounds),
  cases: ({ isQuick }: Size) =>
    storing.map((contestant) => ({
      variant: `${rate}/s`,
      contestant,
      run: (lab) => steadyOnce(lab, { contestant }, rate, isQuick ? 3000 : 5000)
    }))
})

export const rates: ReadonlyArray<Cell> = [
  steady(1000, { rounds: 3, isInQuick: true }),
  steady(5000, { rounds: 3, isInQuick: false }),
  steady(10_000, { rounds: 7, isInQuick: true }),
  steady(30_000, { rounds: 3, isInQuick: false }),
  steady(50_000, { rounds: 3, isInQuick: false })
]
