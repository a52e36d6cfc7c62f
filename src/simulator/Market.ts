/** The market: every symbol's, stepped together, from a seed. Pure but for its state: it knows neither clock nor socket. */
import type { MarketListener } from "./SymbolMarket.ts"
import { SymbolMarket } from "./SymbolMarket.ts"

export interface MarketOptions {
  /** Upper-case. */
  readonly symbols: ReadonlyArray<string>
  readonly seed: string
  /** Trades per second over all symbols. */
  readonly rate: number
  /** A symbol's share of the rate, in any unit; 1 where it is not named. */
  readonly shares: Readonly<Record<string, number>>
  /** Unix ms. */
  readonly start: number
  /** About how many trades were made before the start, over all symbols. */
  readonly history: number
  /** How many trades are kept, over all symbols. */
  readonly keepTrades: number
  /** How many closed candles are kept, per symbol and interval. */
  readonly keepCandles: number
}

export const defaultMarketOptions: MarketOptions = {
  symbols: ["BTCUSDT", "ETHUSDT", "BNBUSDT"],
  seed: "binance",
  rate: 100,
  shares: {},
  start: 0,
  history: 1000,
  keepTrades: 1_000_000,
  keepCandles: 2000
}

/** Fewer would not hold a page of REST rows. */
const FEWEST_KEPT = 2000

/** The most that is made up at once when the machine cannot keep up. */
const STEP_MILLIS = 50
/** A clock further ahead than this has jumped (the machine was asleep, say): a halt, not a backlog of trades. */
const HALT_MILLIS = 10_000

export class Market {
  readonly #symbols: Map<string, SymbolMarket>
  readonly #shares: Map<string, number>
  readonly #make: (symbol: string, share: number, start: number, rate: number) => SymbolMarket
  #rate: number
  #now: number
  #listener: MarketListener | undefined

  constructor(given: Partial<MarketOptions>) {
    const options = { ...defaultMarketOptions, ...given }
    const symbols = [...new Set(options.symbols)]
    const total = symbols.reduce((sum, symbol) => sum + (options.shares[symbol] ?? 1), 0)
    this.#shares = new Map(symbols.map((symbol) => [symbol, (options.shares[symbol] ?? 1) / (total === 0 ? 1 : total)]))
    this.#now = options.start * 1000
    const past = options.rate > 0 ? (options.history / options.rate) * 1_000_000 : 0
    const start = Math.max(0, Math.floor(this.#now - past))
    const listener: MarketListener = {
      order: (...event) => this.#listener?.order(...event),
      candleClosed: (...event) => this.#listener?.candleClosed(...event),
      blockTrade: (...event) => this.#listener?.blockTrade(...event)
    }
    this.#rate = options.rate
    this.#make = (symbol, share, start, rate) =>
      new SymbolMarket({
        symbol,
        seed: options.seed,
        rate: rate * share,
        start,
        keepTrades: Math.max(FEWEST_KEPT, Math.floor(options.keepTrades * share)),
        keepCandles: options.keepCandles,
        listener
      })
    this.#symbols = new Map(
      [...this.#shares].map(([symbol, share]) => [symbol, this.#make(symbol, share, start, options.rate)])
    )
    for (const market of this.symbols.values()) market.advance(this.#now, true)
  }

  get symbols(): ReadonlyMap<string, SymbolMarket> {
    return this.#symbols
  }

  /** The symbol is traded from now on, as much as the others are on average; one that was delisted is again. */
  list(symbol: string): void {
    const known = this.#symbols.get(symbol)
    if (known !== undefined) {
      known.status = "TRADING"
      known.skipTo(this.#now)
      return
    }
    const share = 1 / (this.#symbols.size + 1)
    this.#shares.set(symbol, share)
    this.#symbols.set(symbol, this.#make(symbol, share, this.#now, this.#rate))
  }

  /** It is not traded any more; the exchange keeps it in its lists, in `BREAK`. */
  delist(symbol: string): void {
    const market = this.#symbols.get(symbol)
    if (market !== undefined) market.status = "BREAK"
  }

  /** µs: the time of the last step. */
  get now(): number {
    return this.#now
  }

  /** Who is told of everything from now on. */
  listen(listener: MarketListener): void {
    this.#listener = listener
  }

  /** Moves the market on to `millis`; a clock that went back is ignored. */
  step(millis: number): void {
    const now = Math.floor(millis) * 1000
    if (now < this.#now) return
    this.#now = now
    for (const market of this.symbols.values()) market.advance(now)
  }

  /** Steps towards a clock that reads `millis`, by no more than the event loop can stand at once. */
  follow(millis: number): void {
    const now = Math.floor(this.#now / 1000)
    if (millis - now > HALT_MILLIS) this.reopen(millis)
    else this.step(Math.min(millis, now + STEP_MILLIS))
  }

  /** Nothing was traded until `millis`: a halt is over. */
  reopen(millis: number): void {
    for (const market of this.symbols.values()) market.skipTo(Math.floor(millis) * 1000)
    this.step(millis)
  }

  /** Trades per second over all symbols from now on. */
  setRate(rate: number): void {
    this.#rate = rate
    for (const market of this.symbols.values()) market.setRate(rate * (this.#shares.get(market.symbol) ?? 0), this.#now)
  }
}
