/** Kafka is away for 20 seconds while 5,000 messages a second go on; then what waited is stored beside what comes. */
import { setTimeout } from "node:timers/promises"
import { bareKafkajs, connectors } from "../contestants/index.ts"
import type { Contestant } from "../contestants/job.ts"
import type { Lab } from "../Lab.ts"
import { type Trial, withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"
import { warmUp } from "./warmUp.ts"

const RATE = 5000
const AWAY = 20_000
/** Of starting the broker again, which is part of its absence. */
const STARTING = 5000
const DRAIN_LIMIT = 60_000
const EVERY = 250
const ATTEMPTS = 40
/** What is always on its way. */
const DRAINED = RATE / 2

type Fault = "killed" | "frozen"

const hurt = async (lab: Lab, fault: Fault) => {
  if (fault === "frozen") {
    lab.broker.pause()
    await setTimeout(AWAY)
    lab.broker.resume()
  } else {
    await lab.broker.kill()
    await setTimeout(AWAY - STARTING)
    await lab.broker.start()
  }
}

interface Point {
  readonly at: number
  readonly sent: number
  readonly stored: number
}

/** A broker that has just come back may not answer at once. */
const look = async (trial: Trial): Promise<Point> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const { count } = await trial.stored()
      return { at: performance.now(), stored: count, sent: await trial.sent() }
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await setTimeout(EVERY)
    }
  }
}

const once = (lab: Lab, contestant: Contestant, fault: Fault): Promise<Result> =>
  withTrial(lab, { contestant }, async (trial) => {
    await trial.start()
    await warmUp(trial)
    await trial.exchange.start(RATE)
    await setTimeout(2000)
    await hurt(lab, fault)
    const back = await look(trial)
    const points = [back]
    for (let last = back; last.sent - last.stored > DRAINED && last.at - back.at < DRAIN_LIMIT;) {
      await setTimeout(EVERY)
      last = await look(trial)
      points.push(last)
    }
    const end = points.at(-1) ?? back
    const drainSeconds = (end.at - back.at) / 1000
    const rssMegabytes = trial.contender().peakMegabytes()
    await trial.settle()
    const faults = await trial.judge()
    const drainRatio = (end.stored - back.stored) / drainSeconds / RATE
    return {
      figures: { backlog: back.sent - back.stored, drainSeconds, drainRatio, rssMegabytes },
      faults,
      series: points.map(({ at, sent, stored }) => [(at - back.at) / 1000, sent - stored])
    }
  })

export const outage: Cell = {
  name: "outage",
  about: `Kafka away for ${AWAY / 1000} s at ${RATE} messages a second: how fast the backlog is stored, as a multiple of the live rate`,
  rounds: () => 1,
  cases: () => [
    ...connectors.flatMap((contestant) =>
      (["killed", "frozen"] as const).map((fault) => ({
        variant: fault,
        contestant,
        run: (lab: Lab) => once(lab, contestant, fault)
      }))
    ),
    { variant: "killed", contestant: bareKafkajs, run: (lab) => once(lab, bareKafkajs, "killed") }
  ]
}
