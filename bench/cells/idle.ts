/** Six streams on which next to nothing happens any more. */
import { setTimeout } from "node:timers/promises"
import { bareKafkajs, barePlatformatic, connectors } from "../contestants/index.ts"
import type { Contestant } from "../contestants/job.ts"
import type { Lab } from "../Lab.ts"
import { withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"
import { warmUp } from "./warmUp.ts"

const STREAMS = 6
const RATE = 2
const SECONDS = 30
const CALM = 15_000

const once = (lab: Lab, contestant: Contestant): Promise<Result> =>
  withTrial(lab, { contestant, streams: STREAMS }, async (trial) => {
    await trial.start()
    await warmUp(trial)
    await trial.exchange.start(RATE)
    // What that costs is over by then, and what the compiler does of it.
    await setTimeout(CALM)
    const { cpuPercent } = await trial.measure(SECONDS * 1000)
    const rssMegabytes = trial.contender().residentMegabytes()
    await trial.settle()
    return { figures: { cpuPercent, rssMegabytes }, faults: await trial.judge() }
  })

export const idle: Cell = {
  name: "idle",
  about: `${STREAMS} quiet streams (${RATE} messages a second) for ${SECONDS} s`,
  rounds: () => 1,
  cases: () =>
    [...connectors, bareKafkajs, barePlatformatic].map((contestant) => ({
      variant: "",
      contestant,
      run: (lab) => once(lab, contestant)
    }))
}
