/** The futures' streams that are sent at a fixed pace. */
import type { Market } from "../Market.ts"
import { klinePoll, type Poll, type Render, type Row, arrayOf, stateless, trailing } from "../polls.ts"
import type { SymbolMarket } from "../SymbolMarket.ts"
import * as payloads from "./payloads.ts"

const SECOND = 1000
const DAY = 24 * 3_600_000

const said =
  (text: string): Render =>
  () =>
    text

const miniTickerRow = (): Row => {
  const day = trailing(DAY)
  return (market, now) => said(payloads.miniTicker(market.symbol, day(market, now), now))
}

const tickerRow = (): Row => {
  const day = trailing(DAY)
  return (market, now) => said(payloads.ticker(market, day(market, now), Math.max(0, now - DAY * 1000), now))
}

const markPriceRow: Row = (market, now) => said(payloads.markPrice(market.symbol, market.lastTicks, now))

/** The rows of COIN-M come along. */
const withForeign = (poll: Poll, foreign: (now: number) => string): Poll => ({
  ...poll,
  sample: (now) => {
    const render = poll.sample(now)
    return render && ((unit) => `${render(unit).slice(0, -1)},${foreign(now)}]`)
  }
})

/** One event a message: of each symbol, and of COIN-M, in turn within `length` ms. */
const inTurn = (
  market: Market,
  length: number,
  row: (market: SymbolMarket, now: number) => string,
  foreign: (now: number) => string
): Poll => {
  const symbols = [...market.symbols.values()]
  let turn = 0
  return stateless(Math.max(10, Math.floor(length / (symbols.length + 1))), (now) => {
    const symbol = symbols[turn++ % (symbols.length + 1)]
    return said(symbol === undefined ? foreign(now) : row(symbol, now))
  })
}

const paces: Readonly<Record<string, number>> = { "": 250, "@500ms": 500, "@100ms": 100 }

const depthPoll = (market: SymbolMarket, suffix: string): Poll | undefined => {
  const match = /^depth(5|10|20)?(@500ms|@100ms)?$/.exec(suffix)
  if (match === null) return undefined
  const [, limit, pace = ""] = match
  const every = paces[pace] ?? SECOND
  if (limit !== undefined) {
    const { book, symbol } = market
    let before = book.updateId
    return stateless(every, (now) => {
      const text = payloads.partialDepth(symbol, book, Number(limit), Math.min(before, book.updateId - 1), now)
      before = book.updateId
      return said(text)
    })
  }
  const watch = market.book.watch()
  return {
    every,
    sample: (now) => {
      const difference = watch.drain()
      return difference && said(payloads.depthUpdate(market.symbol, difference, now))
    },
    close: watch.close
  }
}

/** Nobody is liquidated where nobody trades. */
const forceOrderPoll = (market: SymbolMarket): Poll => {
  let seen = market.trades.nextId
  return {
    every: SECOND,
    sample: (now) => {
      const next = market.trades.nextId
      const isNew = next !== seen
      seen = next
      return isNew ? said(payloads.forceOrder(market, now)) : undefined
    },
    close: () => {}
  }
}

const symbolPoll = (market: SymbolMarket, suffix: string, klineEvery: number): Poll | undefined => {
  const paced = (every: number, row: Row) => stateless(every, (now) => row(market, now))
  switch (suffix) {
    case "miniTicker":
      return paced(2 * SECOND, miniTickerRow())
    case "ticker":
      return paced(2 * SECOND, tickerRow())
    case "markPrice":
      return paced(3 * SECOND, markPriceRow)
    case "markPrice@1s":
      return paced(SECOND, markPriceRow)
    case "forceOrder":
      return forceOrderPoll(market)
    default:
      if (/^kline_(1s|\w+@)/.test(suffix)) return undefined
      return klinePoll(market, suffix, klineEvery) ?? depthPoll(market, suffix)
  }
}

const allMarketPoll = (market: Market, name: string): Poll | undefined => {
  switch (name) {
    case "!miniTicker@arr":
      return withForeign(arrayOf(market, miniTickerRow()), payloads.coinM.miniTicker)
    case "!ticker@arr":
      return withForeign(arrayOf(market, tickerRow()), payloads.coinM.ticker)
    case "!markPrice@arr":
      return { ...arrayOf(market, markPriceRow), every: 3 * SECOND }
    case "!markPrice@arr@1s":
      return arrayOf(market, markPriceRow)
    case "!bookTicker":
      return inTurn(
        market,
        5 * SECOND,
        ({ book, symbol }, now) => payloads.bookTicker(symbol, book, now),
        payloads.coinM.bookTicker
      )
    case "!forceOrder@arr":
      return inTurn(market, SECOND, payloads.forceOrder, payloads.coinM.forceOrder)
    default:
      return undefined
  }
}

/** The poll that a stream's name asks for; `undefined` for streams that follow events, and for names that mean nothing. */
export const openPoll = (market: Market, name: string, klineEvery: number): Poll | undefined => {
  if (name.startsWith("!")) return allMarketPoll(market, name)
  const at = name.indexOf("@")
  const symbol = market.symbols.get(name.slice(0, at).toUpperCase())
  if (at < 1 || symbol === undefined || symbol.streamSymbol !== name.slice(0, at)) return undefined
  const poll = symbolPoll(symbol, name.slice(at + 1), klineEvery)
  return poll && { ...poll, sample: (now) => (symbol.status === "BREAK" ? undefined : poll.sample(now)) }
}
