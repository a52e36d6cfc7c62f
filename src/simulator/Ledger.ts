/**
 * What the simulator has generated and pushed, so that whatever a consumer kept can be proved against it: ranges and
 * counts, and any payload that the market still holds, byte for byte.
 */
import type { Market } from "./Market.ts"
import type { TimeUnit } from "./time.ts"
import type { EventPayloads } from "./Venue.ts"

export interface Range {
  readonly first: number
  readonly last: number
  readonly count: number
}

export interface SymbolLedger {
  /** Every trade and aggregate there has been, those made up before the start included. */
  readonly trades: Range
  readonly aggregates: Range
}

export class Ledger {
  readonly #market: Market
  readonly #payloads: EventPayloads
  readonly #pushed = new Map<string, { first: number; last: number; count: number }>()

  constructor(market: Market, payloads: EventPayloads) {
    this.#market = market
    this.#payloads = payloads
  }

  generated(symbol: string): SymbolLedger | undefined {
    const tape = this.#market.symbols.get(symbol)?.trades
    if (tape === undefined) return undefined
    const range = (first: number, next: number): Range => ({ first, last: next - 1, count: next - first })
    return {
      trades: range(tape.firstId, tape.nextId),
      aggregates: range(tape.firstAggregateId, tape.nextAggregateId)
    }
  }

  /**
   * By stream name, what was published while somebody was subscribed: trade and aggregate ids, and the open times (ms) of
   * closed candles. A frame that a fault took away counts: the exchange did publish it.
   */
  get pushed(): ReadonlyMap<string, Range> {
    return this.#pushed
  }

  push(stream: string, id: number): void {
    const range = this.#pushed.get(stream)
    if (range === undefined) this.#pushed.set(stream, { first: id, last: id, count: 1 })
    else {
      range.last = id
      range.count += 1
    }
  }

  /** The payload that was, or would have been, pushed; `undefined` once the trade is no longer kept. */
  tradePayload(symbol: string, id: number, unit: TimeUnit = "ms"): string | undefined {
    const row = this.#market.symbols.get(symbol)?.trades.trade(id)
    return row && this.#payloads.trade?.(symbol, row, unit)
  }

  aggregatePayload(symbol: string, id: number, unit: TimeUnit = "ms"): string | undefined {
    const row = this.#market.symbols.get(symbol)?.trades.aggregate(id)
    return row && this.#payloads.aggregate(symbol, row, unit)
  }
}
