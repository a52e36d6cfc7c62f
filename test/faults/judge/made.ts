/** What the simulator's market made: by stream, what has to be in the topics. */
import type { CandleSeries } from "../../../src/simulator/Candles.ts"
import * as payloads from "../../../src/simulator/payloads.ts"
import type { Simulator } from "../../../src/simulator/Simulator.ts"
import { isInterval } from "../../../src/simulator/time.ts"
import { dataTopic } from "./topics.ts"

/** What the market made of one stream. */
export interface Made {
  readonly first: number
  readonly last: number
  /** Up to here ids may be there, though nobody pushed them: a candle that ended while the market was halted. */
  readonly mayReach: number
  /** From one id to the next: 1, or the length of a candle (ms). */
  readonly step: number
  /** The payload as pushed; without what cannot be known. */
  readonly payload: (id: number, isBackfilled: boolean) => string | undefined
}

const madeCandles = (simulator: Simulator, symbol: string, series: CandleSeries, first: number): Made | undefined => {
  const newest = series.closed.at(-1)
  const market = simulator.market.symbols.get(symbol)
  if (newest === undefined || market === undefined) return undefined
  const step = newest.end - newest.open
  const { current } = series
  // The halted market does not close it, and REST, which goes by the clock, has it as closed.
  const isOver = current.end <= simulator.now()
  return {
    first,
    last: newest.open,
    mayReach: isOver ? current.open : newest.open,
    step,
    payload: (open, isBackfilled) => {
      const closed = series.closed[series.closed.length - 1 - (newest.open - open) / step]
      const candle = isOver && open === current.open ? current : closed
      if (candle?.open !== open) return undefined
      // The history has no trade ids of a candle.
      const known = isBackfilled ? { ...candle, first: -1, last: -1 } : candle
      return payloads.kline(market.symbol, series, known, true, 0, "ms")
    }
  }
}

/** By stream, what has to be there; streams that nobody was ever subscribed to have nothing. */
export const madeBy = (simulator: Simulator, streams: ReadonlyArray<string>): ReadonlyMap<string, Made> => {
  const made = new Map<string, Made>()
  for (const stream of streams) {
    const [name = "", suffix = ""] = stream.split("@")
    const symbol = name.toUpperCase()
    const pushed = simulator.ledger.pushed.get(stream)
    const generated = simulator.ledger.generated(symbol)
    if (pushed === undefined || generated === undefined) continue
    const { first } = pushed
    if (suffix === "trade") {
      made.set(stream, {
        first,
        last: generated.trades.last,
        mayReach: generated.trades.last,
        step: 1,
        payload: (id) => simulator.ledger.tradePayload(symbol, id)
      })
    } else if (suffix === "aggTrade") {
      made.set(stream, {
        first,
        last: generated.aggregates.last,
        mayReach: generated.aggregates.last,
        step: 1,
        payload: (id) => simulator.ledger.aggregatePayload(symbol, id)
      })
    } else if (suffix.startsWith("kline_")) {
      const interval = suffix.slice("kline_".length)
      const series = isInterval(interval)
        ? simulator.market.symbols.get(symbol)?.candles.series(interval, 0)
        : undefined
      const candles = series && madeCandles(simulator, symbol, series, first)
      if (candles !== undefined) made.set(stream, candles)
    }
  }
  return made
}

/** How many records each topic must hold at least, to know when it is worth while to look; candles not counted. */
export const leastStored = (simulator: Simulator, streams: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const [stream, { first, last, step }] of madeBy(simulator, streams)) {
    if (step !== 1) continue
    const topic = dataTopic(stream)
    counts.set(topic, (counts.get(topic) ?? 0) + last - first + 1)
  }
  return counts
}
