/** How long it takes from a start, and from a restart, to the first record in Kafka. */
import { setTimeout } from "node:timers/promises"
import { bareKafkajs, barePlatformatic, connectors } from "../contestants/index.ts"
import type { Contestant } from "../contestants/job.ts"
import type { Lab } from "../Lab.ts"
import { type Trial, withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"

const RATE = 1000
const LIMIT = 30_000

const storesMore = async (trial: Trial, than: number): Promise<void> => {
  const began = performance.now()
  while ((await trial.stored()).count <= than) {
    if (performance.now() - began > LIMIT) throw new Error(`nothing was stored within ${LIMIT / 1000} s`)
    await setTimeout(10)
  }
}

const once = (lab: Lab, contestant: Contestant): Promise<Result> =>
  withTrial(lab, { contestant }, async (trial) => {
    const subscribedMillis = await trial.start()
    const flowing = performance.now()
    await trial.exchange.start(RATE)
    await storesMore(trial, 0)
    const storedMillis = subscribedMillis + performance.now() - flowing
    await setTimeout(2000)
    const stopping = performance.now()
    await trial.contender().stop()
    const stopMillis = performance.now() - stopping
    const { count } = await trial.stored()
    const again = performance.now()
    await trial.start()
    await storesMore(trial, count)
    const restartMillis = performance.now() - again
    await setTimeout(1000)
    await trial.settle()
    const faults = await trial.judge("wasAway")
    return { figures: { subscribedMillis, storedMillis, stopMillis, restartMillis }, faults }
  })

export const start: Cell = {
  name: "start",
  about:
    "from a start, and from a restart in the middle of it, to the first record in Kafka; a bare script loses what came between",
  rounds: () => 2,
  cases: () =>
    [...connectors, bareKafkajs, barePlatformatic].map((contestant) => ({
      variant: "",
      contestant,
      run: (lab) => once(lab, contestant)
    }))
}
