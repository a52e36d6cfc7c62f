/** What each of the exchange's markets does in its own way: its addresses, payloads, paces, limits and REST endpoints. */
import type { Candle, CandleSeries } from "./Candles.ts"
import type { Market } from "./Market.ts"
import type { OrderBook } from "./OrderBook.ts"
import type { Poll } from "./polls.ts"
import type { Endpoint } from "./restEndpoints.ts"
import type { BlockTrade } from "./SymbolMarket.ts"
import type { TimeUnit } from "./time.ts"
import type { AggregateRow, TradeRow } from "./TradeTape.ts"

/** The payloads of what happens in the market; those that are left out are no streams there. */
export interface EventPayloads {
  readonly trade?: (symbol: string, row: TradeRow, unit: TimeUnit) => string
  readonly aggregate: (symbol: string, row: AggregateRow, unit: TimeUnit) => string
  readonly bookTicker: (symbol: string, book: OrderBook, now: number, unit: TimeUnit) => string
  readonly blockTrade?: (symbol: string, row: BlockTrade, now: number, unit: TimeUnit) => string
  readonly kline: (
    symbol: string,
    series: CandleSeries,
    candle: Candle,
    closed: boolean,
    now: number,
    unit: TimeUnit
  ) => string
}

export interface Venue {
  /** By what stands before `/stream` and `/ws` in the address: what is pushed there. Anything else is acknowledged and mute. */
  readonly routes: ReadonlyMap<string, (stream: string) => boolean>
  /** Whether an address may ask for microseconds. */
  readonly hasTimeUnit: boolean
  readonly payloads: EventPayloads
  /** The poll that a stream's name asks for, if it is one that is sent at a pace. */
  readonly openPoll: (market: Market, name: string, klineEvery: number) => Poll | undefined
  readonly endpoints: Readonly<Record<string, Endpoint>>
  readonly limits: {
    readonly pingEveryMillis: number
    readonly pongWithinMillis: number
    readonly framesPerSecond: number
    readonly weightPerMinute: number
  }
}
