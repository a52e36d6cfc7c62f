/** One key misses trades that the history has: how fast they are fetched, and what the other keys feel of it. */
import { setTimeout } from "node:timers/promises"
import { connectors } from "../contestants/index.ts"
import type { Contestant } from "../contestants/job.ts"
import type { Lab } from "../Lab.ts"
import { withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"
import { warmUp, WHOLE_MILLIS } from "./warmUp.ts"

const RATE = 10_000
const SYMBOL = "BTCUSDT"
const MISSED = 50_000
const FILL_LIMIT = 60_000
const CALM = 5000

const once = (lab: Lab, contestant: Contestant): Promise<Result> =>
  withTrial(lab, { contestant }, async (trial) => {
    const observer = await trial.observe()
    await trial.start()
    await warmUp(trial, WHOLE_MILLIS)
    await trial.exchange.start(RATE)
    await setTimeout(1500)
    const calmFrom = Date.now()
    await setTimeout(CALM)
    const from = Date.now()
    const before = (await trial.stored()).count
    const sentBefore = await trial.sent()
    await trial.exchange.skip(SYMBOL, MISSED)
    // Filled when the backlog is what it was before.
    let to = from
    for (const lag = sentBefore - before + RATE / 10; to - from < FILL_LIMIT;) {
      await setTimeout(50)
      const { at, count } = await trial.stored()
      to = at
      if ((await trial.sent()) - count <= lag) break
    }
    await trial.settle()
    const calm = await observer.ask({ from: calmFrom, to: from, without: SYMBOL })
    const filling = await observer.ask({ from, to, without: SYMBOL })
    const faults = await trial.judge()
    return {
      figures: {
        rowsPerSecond: (MISSED * 1000) / (to - from),
        calmP999: calm.p999,
        fillingP999: filling.p999,
        ratioP999: filling.p999 / calm.p999
      },
      faults
    }
  })

export const gaps: Cell = {
  name: "gaps",
  about: `${MISSED} trades of one key are missed at ${RATE} messages a second: rows fetched a second, and p99.9 of the other keys`,
  rounds: () => 2,
  cases: () =>
    connectors.map((contestant) => ({ variant: `${RATE}/s`, contestant, run: (lab) => once(lab, contestant) }))
}
