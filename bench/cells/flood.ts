/** As fast as it can: what arrives in Kafka in a window after a warm-up. */
import { counting, storing } from "../contestants/index.ts"
import type { Lab } from "../Lab.ts"
import { type Setup, withTrial } from "../Trial.ts"
import type { Case, Cell, Size } from "./Cell.ts"

export const floodOnce = async (lab: Lab, setup: Setup, { isQuick }: Pick<Size, "isQuick">) =>
  withTrial(lab, setup, async (trial) => {
    await trial.start()
    await trial.exchange.start(0)
    // A cold program is slow, and on one core its compiler works on the same.
    await (isQuick ? trial.stores(80_000, 6000) : trial.stores(150_000, 9000))
    const { cpuMicros, cpuPercent, gcPercent, otherCorePercent, perSecond } = await trial.measure(isQuick ? 2000 : 4000)
    const rssMegabytes = trial.contender().peakMegabytes()
    await trial.settle()
    const faults = await trial.judge()
    return { figures: { perSecond, cpuMicros, cpuPercent, gcPercent, rssMegabytes, otherCorePercent }, faults }
  })

const floodCase = (contestant: Setup["contestant"], size: Size): Case => ({
  variant: "",
  contestant,
  run: (lab) => floodOnce(lab, { contestant }, size)
})

export const flood: Cell = {
  name: "flood",
  about: "as fast as it can",
  isInQuick: true,
  rounds: ({ isQuick }) => (isQuick ? 2 : 7),
  cases: (size) => storing.map((contestant) => floodCase(contestant, size))
}

export const pipeline: Cell = {
  name: "pipeline",
  about: "as fast as it can, without Kafka: what is left of a message's cost",
  isInQuick: true,
  rounds: ({ isQuick }) => (isQuick ? 1 : 3),
  cases: (size) => counting.map((contestant) => floodCase(contestant, size))
}
