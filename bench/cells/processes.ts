/** A group of one, two or three processes on as many symbols as there may be: what each takes, and when all streams are there. */
import { setTimeout } from "node:timers/promises"
import { connectorGroup } from "../contestants/index.ts"
import type { Contender } from "../Contender.ts"
import type { Lab } from "../Lab.ts"
import { withTrial } from "../Trial.ts"
import type { Cell, Result } from "./Cell.ts"

const SYMBOLS = [100, 1000, 3000]
const PROCESSES = [1, 2, 3]
/** Trades, a candle and a ticker. */
const STREAMS_OF_SYMBOL = 3
const RATE = 2500
const WARM_UP = 15_000
const MILLIS = 10_000

const once = (lab: Lab, symbols: number, count: number): Promise<Result> =>
  withTrial(
    lab,
    { contestant: connectorGroup, acks: "all", streams: symbols * STREAMS_OF_SYMBOL, processes: count },
    async (trial) => {
      const subscribedMillis = await trial.start()
      await trial.exchange.start(RATE)
      await setTimeout(WARM_UP)
      const { cpuPercent, perSecond } = await trial.measure(MILLIS)
      const most = (figure: (contender: Contender) => number) => Math.max(...trial.contenders().map(figure))
      const rssMegabytes = most(({ residentMegabytes }) => residentMegabytes())
      await trial.settle()
      const faults = await trial.judge()
      return { figures: { subscribedMillis, perSecond, cpuPercent: cpuPercent / count, rssMegabytes }, faults }
    }
  )

export const processes: Cell = {
  name: "processes",
  about: `a group of ${PROCESSES.join(", ")} processes, three streams each of ${SYMBOLS.join(", ")} symbols, ${RATE} messages a second in all: CPU of each, and the largest`,
  isOnRequest: true,
  rounds: () => 1,
  cases: () =>
    SYMBOLS.flatMap((symbols) =>
      PROCESSES.map((count) => ({
        variant: `${symbols} symbols, ${count} processes`,
        contestant: connectorGroup,
        run: (lab) => once(lab, symbols, count)
      }))
    )
}
