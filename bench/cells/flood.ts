/** As fast as it can: what arrives in Kafka in a window after a warm-up. */
import { setTimeout } from "node:timers/promises"
import { contestants } from "../contestants/index.ts"
import { withTrial, type Setup } from "../Trial.ts"
import type { Lab } from "../Lab.ts"
import type { Cell, Size } from "./Cell.ts"

export const floodOnce = async (lab: Lab, setup: Setup, { isQuick }: Size) =>
  withTrial(lab, setup, async (trial) => {
    await trial.start()
    await trial.exchange.start(0)
    await setTimeout(isQuick ? 2000 : 3000)
    const { cpuMicros, cpuPercent, gcPercent, perSecond } = await trial.measure(isQuick ? 3000 : 4000)
    const rss = trial.contender().peakMegabytes()
    await trial.exchange.stop()
    await trial.settle()
    await trial.contender().stop()
    return { figures: { perSecond, cpuMicros, cpuPercent, gcPercent, rss }, faults: [] }
  })

export const flood: Cell = {
  name: "flood",
  about: "as fast as it can",
  rounds: ({ isQuick, rounds }) => rounds ?? (isQuick ? 2 : 7),
  cases: (size) =>
    contestants.map((contestant) => ({ variant: "", contestant, run: (lab) => floodOnce(lab, { contestant }, size) }))
}
