/**
 * The streams that are sent at a fixed pace rather than at an event: what each name means, how often it is sent and what
 * it holds when it is.
 */
import type { Candle } from "./Candles.ts"
import type { Market } from "./Market.ts"
import * as payloads from "./payloads.ts"
import type { SymbolMarket } from "./SymbolMarket.ts"
import { candleBounds, EAST_8, isInterval, type TimeUnit } from "./time.ts"

/** Writes one payload in the unit asked for. */
export type Render = (unit: TimeUnit) => string

export interface Poll {
  /** ms. */
  readonly every: number
  /** What to send at `now` (µs), `undefined` for nothing. */
  readonly sample: (now: number) => Render | undefined
  readonly close: () => void
}

const SECOND = 1000
const HOUR = 3_600_000

const windows: Readonly<Record<string, number>> = { "1h": HOUR, "4h": 4 * HOUR, "1d": 24 * HOUR }

const nothing = () => {}

export const stateless = (every: number, render: (now: number) => Render): Poll => ({
  every,
  sample: render,
  close: nothing
})

export type Row = (market: SymbolMarket, now: number) => Render

/** All trades of the last `length` ms, from a full minute on. */
export const trailing = (length: number) => {
  const memos = new Map<string, Map<number, Candle>>()
  return (market: SymbolMarket, now: number): Candle => {
    const memo = memos.get(market.symbol) ?? new Map<number, Candle>()
    memos.set(market.symbol, memo)
    return market.candles.window(Math.floor(now / 1000) - length, memo)
  }
}

const miniTickerRow = (): Row => {
  const day = trailing(24 * HOUR)
  return (market, now) => {
    const window = day(market, now)
    return (unit) => payloads.miniTicker(market.symbol, window, now, unit)
  }
}

const tickerRow = (): Row => {
  const day = trailing(24 * HOUR)
  return (market, now) => {
    const window = day(market, now)
    return (unit) => payloads.ticker(market, window, Math.max(0, now - 24 * HOUR * 1000), now, unit)
  }
}

const windowTickerRow = (name: string, length: number): Row => {
  const trail = trailing(length)
  return (market, now) => {
    const window = trail(market, now)
    const opened = candleBounds("1m", 0, Math.max(0, Math.floor(now / 1000) - length)).open * 1000
    return (unit) => payloads.windowTicker(market.symbol, name, window, opened, now, unit)
  }
}

const avgPriceRow = (): Row => {
  const trail = trailing(5 * 60 * SECOND)
  return (market, now) => {
    const window = trail(market, now)
    const last = market.trades.trade(market.trades.nextId - 1)?.time ?? now
    return (unit) => payloads.averagePriceEvent(market.symbol, window, last, now, unit)
  }
}

/** Every symbol that has traded since the last time, one row each. */
export const arrayOf = (market: Market, row: Row): Poll => {
  const seen = new Map<string, number>()
  return {
    every: SECOND,
    sample: (now) => {
      const changed = [...market.symbols.values()].filter((symbol) => {
        const next = symbol.trades.nextId
        const isNew = seen.get(symbol.symbol) !== next && symbol.status !== "BREAK"
        seen.set(symbol.symbol, next)
        return isNew
      })
      if (changed.length === 0) return undefined
      const rows = changed.map((symbol) => row(symbol, now))
      return (unit) => `[${rows.map((render) => render(unit)).join(",")}]`
    },
    close: nothing
  }
}

export const klinePoll = (market: SymbolMarket, suffix: string, every: number): Poll | undefined => {
  const [, interval, offset] = /^kline_(\d+[smhdwM])(@\+08:00)?$/.exec(suffix) ?? []
  if (interval === undefined || !isInterval(interval)) return undefined
  return {
    every,
    sample: (now) => {
      if (market.status === "CANCEL_ONLY") return undefined
      const series = market.candles.series(interval, offset === undefined ? 0 : EAST_8)
      return (unit) => payloads.kline(market.symbol, series, series.current, false, now, unit)
    },
    close: nothing
  }
}

const depthPoll = (market: SymbolMarket, suffix: string): Poll | undefined => {
  const match = /^depth(5|10|20)?(@100ms)?$/.exec(suffix)
  if (match === null) return undefined
  const [, limit, fast] = match
  const every = fast === undefined ? SECOND : 100
  if (limit !== undefined) {
    return stateless(every, () => {
      const text = payloads.bookSnapshot(market.book, Number(limit))
      return () => text
    })
  }
  const watch = market.book.watch()
  return {
    every,
    sample: (now) => {
      const difference = watch.drain()
      return difference === undefined ? undefined : (unit) => payloads.depthUpdate(market.symbol, difference, now, unit)
    },
    close: watch.close
  }
}

const symbolPoll = (market: SymbolMarket, suffix: string, klineEvery: number): Poll | undefined => {
  const paced = (row: Row) => stateless(SECOND, (now) => row(market, now))
  const [, window] = /^ticker_(1h|4h|1d)$/.exec(suffix) ?? []
  const length = window === undefined ? undefined : windows[window]
  if (window !== undefined && length !== undefined) return paced(windowTickerRow(window, length))
  switch (suffix) {
    case "miniTicker":
      return paced(miniTickerRow())
    case "ticker":
      return paced(tickerRow())
    case "avgPrice":
      return paced(avgPriceRow())
    case "referencePrice":
      return paced((market, now) => (unit) => payloads.referencePrice(market.symbol, market.lastTicks, now, unit))
    default:
      return klinePoll(market, suffix, klineEvery) ?? depthPoll(market, suffix)
  }
}

/** The poll that a stream's name asks for; `undefined` for streams that follow events, and for names that mean nothing. */
export const openPoll = (market: Market, name: string, klineEvery: number): Poll | undefined => {
  if (name === "!miniTicker@arr") return arrayOf(market, miniTickerRow())
  const [, window] = /^!ticker_(1h|4h|1d)@arr$/.exec(name) ?? []
  const length = window === undefined ? undefined : windows[window]
  if (window !== undefined && length !== undefined) return arrayOf(market, windowTickerRow(window, length))
  const at = name.indexOf("@")
  const symbol = market.symbols.get(name.slice(0, at).toUpperCase())
  if (at < 1 || symbol === undefined || symbol.streamSymbol !== name.slice(0, at)) return undefined
  const poll = symbolPoll(symbol, name.slice(at + 1), klineEvery)
  return poll && { ...poll, sample: (now) => (symbol.status === "BREAK" ? undefined : poll.sample(now)) }
}
