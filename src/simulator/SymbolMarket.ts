/**
 * The market of one symbol: taker orders arrive at random and walk the price; each becomes one aggregate trade over one or
 * several trades at one price. Trades depend on the seed alone, not on how often the market is stepped.
 */
import { type Candle, Candles, type CandleSeries } from "./Candles.ts"
import { TICKS_PER_UNIT } from "./decimal.ts"
import { OrderBook } from "./OrderBook.ts"
import { hash, makeRandom } from "./random.ts"
import { TradeTape } from "./TradeTape.ts"

/** As `exchangeInfo` reports it. Only `TRADING` makes trades; `BREAK` sends nothing, `CANCEL_ONLY` no candles. */
export type SymbolStatus = "TRADING" | "END_OF_DAY" | "HALT" | "BREAK" | "CANCEL_ONLY"

export interface BlockTrade {
  readonly id: number
  readonly ticks: number
  readonly lots: number
  readonly time: number
  readonly buyerIsMaker: boolean
}

/** What happens in the market, told as it happens. */
export interface MarketListener {
  /** A taker order was filled: the aggregate and its trades, both inclusive. */
  readonly order: (market: SymbolMarket, aggregate: number, first: number, last: number) => void
  readonly candleClosed: (market: SymbolMarket, series: CandleSeries, candle: Candle) => void
  readonly blockTrade: (market: SymbolMarket, trade: BlockTrade) => void
}

export interface SymbolMarketOptions {
  readonly symbol: string
  readonly seed: string
  /** Trades per second. */
  readonly rate: number
  /** µs. */
  readonly start: number
  readonly keepTrades: number
  readonly keepCandles: number
  readonly listener: MarketListener
}

/** Where the well-known ones start, in whole units of the quote asset. */
const startPrices: Readonly<Record<string, number>> = { BTCUSDT: 65_000, ETHUSDT: 2_900, BNBUSDT: 610, SOLUSDT: 150 }

const BOOK_DEPTH = 1000
const MAX_FILLS = 5
const FILL_AGAIN = 0.3
/** What the two make on average: the sum of `FILL_AGAIN` ** n for n from 0 to 4. */
const MEAN_FILLS = (1 - FILL_AGAIN ** MAX_FILLS) / (1 - FILL_AGAIN)
const BLOCK_TRADE_EVERY = 5_000_000
/** No order is worth more, in whole units of the quote asset. */
const LARGEST_ORDER = 50_000

export class SymbolMarket {
  readonly symbol: string
  /** As stream names spell it. */
  readonly streamSymbol: string
  readonly trades: TradeTape
  readonly book: OrderBook
  readonly candles: Candles
  status: SymbolStatus = "TRADING"
  readonly #startTicks: number
  readonly #largestLots: number
  readonly #random: () => number
  readonly #listener: MarketListener
  #rate: number
  #lastTicks: number
  #nextOrder: number
  #nextBlockTrade: number
  #blockTradeId: number

  constructor(options: SymbolMarketOptions) {
    const { symbol, start, listener } = options
    const spread = hash(symbol)
    const random = makeRandom(`${options.seed}/${symbol}`)
    const price = startPrices[symbol] ?? 100 + (spread % 900)
    this.symbol = symbol
    this.streamSymbol = symbol.toLowerCase()
    this.#random = random
    this.#listener = listener
    this.#rate = options.rate
    this.#startTicks = price * TICKS_PER_UNIT
    this.#lastTicks = this.#startTicks
    this.#largestLots = Math.max(100, Math.floor((LARGEST_ORDER * 100_000) / price))
    this.trades = new TradeTape({
      capacity: options.keepTrades,
      firstId: 4_000_000_000 + (spread % 1_000_000_000),
      firstAggregateId: 1_900_000_000 + (spread % 100_000_000)
    })
    this.book = new OrderBook({
      bestBid: this.#startTicks,
      depth: BOOK_DEPTH,
      updateId: 61_000_000_000 + spread,
      draw: () => this.#drawLots()
    })
    this.candles = new Candles({
      start: Math.floor(start / 1000),
      price: this.#startTicks,
      keep: options.keepCandles,
      onClose: (series, candle) => listener.candleClosed(this, series, candle)
    })
    this.#nextOrder = start + this.#gap()
    this.#nextBlockTrade = (Math.floor(start / BLOCK_TRADE_EVERY) + 1) * BLOCK_TRADE_EVERY
    this.#blockTradeId = spread % 10_000
  }

  get lastTicks(): number {
    return this.#lastTicks
  }

  /** Trades per second from now on. */
  setRate(rate: number, now: number): void {
    this.#rate = rate
    this.#nextOrder = now + this.#gap()
  }

  /** Makes what is due at `now` (µs). The past made up at the start was pushed when it was traded. */
  advance(now: number, isPast = false): void {
    while (this.#nextOrder <= now) {
      const time = this.#nextOrder
      this.#nextOrder += this.#gap()
      this.candles.advance(Math.floor(time / 1000))
      this.#order(time, isPast ? time : now)
    }
    this.candles.advance(Math.floor(now / 1000))
    while (this.#nextBlockTrade <= now) {
      if (this.status === "TRADING" && this.#rate > 0) this.#blockTrade(this.#nextBlockTrade)
      this.#nextBlockTrade += BLOCK_TRADE_EVERY
    }
  }

  /** The time until `now` passes without trades. */
  skipTo(now: number): void {
    this.#nextOrder = Math.max(this.#nextOrder, now + this.#gap())
    this.#nextBlockTrade = Math.max(this.#nextBlockTrade, now + BLOCK_TRADE_EVERY)
  }

  #order(time: number, eventTime: number): void {
    if (this.status !== "TRADING") return
    this.#walk()
    const buyerIsMaker = this.#random() < 0.5
    const ticks = buyerIsMaker ? this.book.bestBid[0] : this.book.bestAsk[0]
    const aggregate = this.trades.openAggregate()
    const first = this.trades.nextId
    let last = first
    for (let fills = 1; fills === 1 || (fills <= MAX_FILLS && this.#random() < FILL_AGAIN); fills++) {
      const lots = this.#drawLots()
      last = this.trades.push(ticks, lots, time, eventTime, buyerIsMaker)
      this.candles.add({ id: last, ticks, lots, buyerIsMaker })
    }
    this.#lastTicks = ticks
    this.book.touch(ticks)
    this.#listener.order(this, aggregate, first, last)
  }

  /** Now and then a few ticks up or down, rather towards the start price. */
  #walk(): void {
    const draw = this.#random()
    if (draw >= 0.4) return
    const [bid] = this.book.bestBid
    const pull = (bid - this.#startTicks) / this.#startTicks
    const falls = this.#random() < 0.5 + pull
    for (let steps = Math.floor(draw * 10); steps >= 0; steps--) {
      if (falls) this.book.moveDown()
      else this.book.moveUp()
    }
  }

  #blockTrade(time: number): void {
    this.#blockTradeId += 1
    this.#listener.blockTrade(this, {
      id: this.#blockTradeId,
      ticks: this.#lastTicks,
      lots: 100 * this.#largestLots,
      time,
      buyerIsMaker: this.#random() < 0.5
    })
  }

  /** Small mostly, at times large. */
  #drawLots(): number {
    return 1 + Math.floor(this.#largestLots * this.#random() ** 6)
  }

  /** Exponential, so that orders come in bursts as they do in life. */
  #gap(): number {
    return Math.floor((-Math.log(1 - this.#random()) * 1_000_000 * MEAN_FILLS) / this.#rate)
  }
}
