/**
 * The candles of one symbol, every interval at once. Trades are gathered by the second and folded into every interval
 * when the second is over (or somebody looks), so that a trade costs a few additions whatever the number of intervals.
 */
import { type Interval, intervals } from "../schema/intervals.ts"
import { candleBounds, dependsOnOffset, EAST_8 } from "./time.ts"

export interface Candle {
  /** ms; `end` is where the next one opens. */
  readonly open: number
  readonly end: number
  /** Trade ids, -1 without trades. */
  first: number
  last: number
  count: number
  /** Prices in ticks. */
  openPrice: number
  high: number
  low: number
  closePrice: number
  /** In lots and in turnover units. */
  base: bigint
  quote: bigint
  takerBase: bigint
  takerQuote: bigint
}

export interface CandleSeries {
  readonly interval: Interval
  readonly offset: number
  /** Oldest first; bounded. */
  readonly closed: ReadonlyArray<Candle>
  readonly current: Candle
}

interface Series extends CandleSeries {
  closed: Array<Candle>
  current: Candle
}

/** A trade as candles see it. */
export interface CandleTrade {
  readonly id: number
  readonly ticks: number
  readonly lots: number
  readonly buyerIsMaker: boolean
}

const emptyCandle = (bounds: { readonly open: number; readonly end: number }, price: number): Candle => ({
  open: bounds.open,
  end: bounds.end,
  first: -1,
  last: -1,
  count: 0,
  openPrice: price,
  high: price,
  low: price,
  closePrice: price,
  base: 0n,
  quote: 0n,
  takerBase: 0n,
  takerQuote: 0n
})

/** Adds what `part` holds to the end of `whole`. */
const append = (whole: Candle, part: Candle): void => {
  if (part.count === 0) return
  if (whole.count === 0) {
    whole.first = part.first
    whole.openPrice = part.openPrice
    whole.high = part.high
    whole.low = part.low
  } else {
    whole.high = Math.max(whole.high, part.high)
    whole.low = Math.min(whole.low, part.low)
  }
  whole.last = part.last
  whole.closePrice = part.closePrice
  whole.count += part.count
  whole.base += part.base
  whole.quote += part.quote
  whole.takerBase += part.takerBase
  whole.takerQuote += part.takerQuote
}

/** Sums in doubles stay exact below this; then they move into the BigInts. */
const EXACT = 2 ** 52

export class Candles {
  readonly #series: ReadonlyArray<Series>
  readonly #keep: number
  readonly #onClose: (series: CandleSeries, candle: Candle) => void
  /** The second in which trades are being gathered, and its sums that are not in `#gathered` yet. */
  #second: number
  #gathered: Candle
  #base = 0
  #quote = 0
  #takerBase = 0
  #takerQuote = 0

  constructor(options: {
    readonly start: number
    readonly price: number
    /** Closed candles kept per interval. */
    readonly keep: number
    readonly onClose: (series: CandleSeries, candle: Candle) => void
  }) {
    const series = (interval: Interval, offset: number): Series => ({
      interval,
      offset,
      closed: [],
      current: emptyCandle(candleBounds(interval, offset, options.start), options.price)
    })
    this.#series = [
      ...intervals.map((interval) => series(interval, 0)),
      ...intervals.filter(dependsOnOffset).map((interval) => series(interval, EAST_8))
    ]
    this.#keep = options.keep
    this.#onClose = options.onClose
    this.#second = candleBounds("1s", 0, options.start).open
    this.#gathered = emptyCandle({ open: this.#second, end: this.#second + 1000 }, options.price)
  }

  /** Adds a trade; the candles must have been advanced to its time. */
  add(trade: CandleTrade): void {
    const second = this.#gathered
    if (second.count === 0) {
      second.first = trade.id
      second.openPrice = trade.ticks
      second.high = trade.ticks
      second.low = trade.ticks
    } else if (trade.ticks > second.high) second.high = trade.ticks
    else if (trade.ticks < second.low) second.low = trade.ticks
    second.last = trade.id
    second.closePrice = trade.ticks
    second.count += 1
    const quote = trade.ticks * trade.lots
    this.#base += trade.lots
    this.#quote += quote
    if (!trade.buyerIsMaker) {
      this.#takerBase += trade.lots
      this.#takerQuote += quote
    }
    if (this.#quote > EXACT || this.#base > EXACT) this.#carry()
  }

  /** Closes every candle that is over at `millis`. */
  advance(millis: number): void {
    if (millis < this.#second + 1000) return
    this.#fold()
    for (const series of this.#series) {
      while (series.current.end <= millis) {
        const candle = series.current
        series.closed.push(candle)
        if (series.closed.length > 2 * this.#keep) series.closed.splice(0, this.#keep)
        series.current = emptyCandle(candleBounds(series.interval, series.offset, candle.end), candle.closePrice)
        this.#onClose(series, candle)
      }
    }
    this.#second = candleBounds("1s", 0, millis).open
  }

  /** A series as it stands, the open second included. */
  series(interval: Interval, offset: number): CandleSeries {
    this.#fold()
    const wanted = dependsOnOffset(interval) ? offset : 0
    const found = this.#series.find((series) => series.interval === interval && series.offset === wanted)
    if (found === undefined) throw new RangeError(`no candles with an offset of ${offset} ms are kept`)
    return found
  }

  /**
   * All trades since `from` (cut to the full minute) in one candle. The closed minutes are summed once a minute and kept
   * by the caller's `memo`.
   */
  window(from: number, memo: Map<number, Candle>): Candle {
    const minutes = this.series("1m", 0)
    const start = candleBounds("1m", 0, from).open
    let sum = memo.get(start)
    if (sum === undefined || sum.end !== minutes.current.open) {
      const closed = minutes.closed.filter((candle) => candle.open >= start)
      sum = emptyCandle({ open: start, end: minutes.current.open }, (closed[0] ?? minutes.current).openPrice)
      for (const candle of closed) append(sum, candle)
      memo.clear()
      memo.set(start, sum)
    }
    const whole = { ...sum, end: minutes.current.end }
    append(whole, minutes.current)
    return whole
  }

  #carry(): void {
    this.#gathered.base += BigInt(this.#base)
    this.#gathered.quote += BigInt(this.#quote)
    this.#gathered.takerBase += BigInt(this.#takerBase)
    this.#gathered.takerQuote += BigInt(this.#takerQuote)
    this.#base = 0
    this.#quote = 0
    this.#takerBase = 0
    this.#takerQuote = 0
  }

  #fold(): void {
    if (this.#gathered.count === 0) return
    this.#carry()
    for (const series of this.#series) append(series.current, this.#gathered)
    this.#gathered = emptyCandle(this.#gathered, this.#gathered.closePrice)
  }
}
