/** An exchange that has a history, its streams, and what they bring. */
import type { StreamName } from "../../src/schema/StreamName.ts"
import type { Page, PastEvent } from "../../src/services/MarketHistory.ts"
import type { RestVerdict } from "../../src/simulator/Faults.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { streamNames } from "./settings.ts"

export const start = Date.UTC(2026, 10, 23, 15, 59, 57)
export const make = (options: Partial<Simulator.SimulatorOptions> = {}) =>
  Simulator.make({ start, rate: 300, ...options })

export const stream = (name: string): StreamName => streamNames(name)[0]!
export const trades = stream("btcusdt@trade")
export const aggregates = stream("btcusdt@aggTrade")
export const seconds = stream("btcusdt@kline_1s")

export const idsOf = (events: ReadonlyArray<PastEvent>) => events.map(({ facts }) => facts.span!.first)
export const textsOf = ({ events }: Page) => events.map(({ json }) => json)

/** A stream's payload as history gives it: it knows no event time but the trade's own. */
export const withEventTime = (payload: string) => payload.replace(/"E":\d+/, `"E":${JSON.parse(payload).T}`)

export const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** The first answers are these; then the simulator's own. */
export const faulty = (simulator: Simulator.Simulator, ...verdicts: ReadonlyArray<RestVerdict>) => {
  const left = [...verdicts]
  simulator.setFaults({ onRest: () => left.shift() })
}

/** The longest that the first and the second wait may be; much longer, and the request that follows would be late. */
export const FIRST_WAIT = 600
