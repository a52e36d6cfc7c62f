/** The payloads of the streams, field by field in the exchange's order. */
import type { Candle, CandleSeries } from "./Candles.ts"
import { averagePrice, percent, price, quantity, turnover } from "./decimal.ts"
import type { BookDifference, Level, OrderBook } from "./OrderBook.ts"
import type { BlockTrade, SymbolMarket } from "./SymbolMarket.ts"
import { instant, lastBefore, type TimeUnit } from "./time.ts"
import type { AggregateRow, TradeRow } from "./TradeTape.ts"

export const trade = (symbol: string, row: TradeRow, unit: TimeUnit): string =>
  `{"e":"trade","E":${instant(row.eventTime, unit)},"s":"${symbol}","t":${row.id},"p":"${price(row.ticks)}","q":"${quantity(row.lots)}","T":${instant(row.time, unit)},"m":${row.buyerIsMaker},"M":true}`

export const aggregate = (symbol: string, row: AggregateRow, unit: TimeUnit): string =>
  `{"e":"aggTrade","E":${instant(row.eventTime, unit)},"s":"${symbol}","a":${row.id},"p":"${price(row.ticks)}","q":"${quantity(row.lots)}","f":${row.first},"l":${row.last},"T":${instant(row.time, unit)},"m":${row.buyerIsMaker},"M":true}`

export const blockTrade = (symbol: string, row: BlockTrade, now: number, unit: TimeUnit): string =>
  `{"e":"blockTrade","E":${instant(now, unit)},"s":"${symbol}","t":${row.id},"p":"${price(row.ticks)}","q":"${quantity(row.lots)}","T":${instant(row.time, unit)},"m":${row.buyerIsMaker}}`

export const kline = (
  symbol: string,
  series: CandleSeries,
  candle: Candle,
  closed: boolean,
  now: number,
  unit: TimeUnit
): string =>
  `{"e":"kline","E":${instant(now, unit)},"s":"${symbol}","k":{"t":${instant(candle.open * 1000, unit)},"T":${lastBefore(candle.end, unit)},"s":"${symbol}","i":"${series.interval}","f":${candle.first},"L":${candle.last},"o":"${price(candle.openPrice)}","c":"${price(candle.closePrice)}","h":"${price(candle.high)}","l":"${price(candle.low)}","v":"${quantity(candle.base)}","n":${candle.count},"x":${closed},"q":"${turnover(candle.quote)}","V":"${quantity(candle.takerBase)}","Q":"${turnover(candle.takerQuote)}","B":"0"}}`

export const miniTicker = (symbol: string, window: Candle, now: number, unit: TimeUnit): string =>
  `{"e":"24hrMiniTicker","E":${instant(now, unit)},"s":"${symbol}","c":"${price(window.closePrice)}","o":"${price(window.openPrice)}","h":"${price(window.high)}","l":"${price(window.low)}","v":"${quantity(window.base)}","q":"${turnover(window.quote)}"}`

/** `opened` (µs) is where the window is said to begin. */
export const ticker = (market: SymbolMarket, window: Candle, opened: number, now: number, unit: TimeUnit): string => {
  const [bid, bidLots] = market.book.bestBid
  const [ask, askLots] = market.book.bestAsk
  const lastLots = market.trades.trade(window.last)?.lots ?? 0
  return `{"e":"24hrTicker","E":${instant(now, unit)},"s":"${market.symbol}",${change(window)},"w":"${averagePrice(window.quote, window.base, window.closePrice)}","x":"${price(window.openPrice)}","c":"${price(window.closePrice)}","Q":"${quantity(lastLots)}","b":"${price(bid)}","B":"${quantity(bidLots)}","a":"${price(ask)}","A":"${quantity(askLots)}","o":"${price(window.openPrice)}","h":"${price(window.high)}","l":"${price(window.low)}","v":"${quantity(window.base)}","q":"${turnover(window.quote)}",${span(window, opened, now, unit)}}`
}

export const windowTicker = (
  symbol: string,
  name: string,
  window: Candle,
  opened: number,
  now: number,
  unit: TimeUnit
): string =>
  `{"e":"${name}Ticker","E":${instant(now, unit)},"s":"${symbol}",${change(window)},"o":"${price(window.openPrice)}","h":"${price(window.high)}","l":"${price(window.low)}","c":"${price(window.closePrice)}","w":"${averagePrice(window.quote, window.base, window.closePrice)}","v":"${quantity(window.base)}","q":"${turnover(window.quote)}",${span(window, opened, now, unit)}}`

export const change = (window: Candle): string =>
  `"p":"${price(window.closePrice - window.openPrice)}","P":"${percent(window.openPrice, window.closePrice)}"`

export const span = (window: Candle, opened: number, now: number, unit: TimeUnit): string =>
  `"O":${instant(opened, unit)},"C":${instant(now, unit)},"F":${window.first},"L":${window.last},"n":${window.count}`

export const bookTicker = (symbol: string, book: OrderBook): string => {
  const [bid, bidLots] = book.bestBid
  const [ask, askLots] = book.bestAsk
  return `{"u":${book.updateId},"s":"${symbol}","b":"${price(bid)}","B":"${quantity(bidLots)}","a":"${price(ask)}","A":"${quantity(askLots)}"}`
}

/** The average of the trades in `window`, the last of them at `lastTrade` (µs). */
export const averagePriceEvent = (
  symbol: string,
  window: Candle,
  lastTrade: number,
  now: number,
  unit: TimeUnit
): string =>
  `{"e":"avgPrice","E":${instant(now, unit)},"s":"${symbol}","i":"5m","w":"${averagePrice(window.quote, window.base, window.closePrice)}","T":${instant(lastTrade, unit)}}`

export const levels = (rows: ReadonlyArray<Level>): string =>
  `[${rows.map(([ticks, lots]) => `["${price(ticks)}","${quantity(lots)}"]`).join(",")}]`

/** Partial depth, and the REST snapshot. */
export const bookSnapshot = (book: OrderBook, limit: number): string =>
  `{"lastUpdateId":${book.updateId},"bids":${levels(book.bids(limit))},"asks":${levels(book.asks(limit))}}`

export const depthUpdate = (symbol: string, difference: BookDifference, now: number, unit: TimeUnit): string =>
  `{"e":"depthUpdate","E":${instant(now, unit)},"s":"${symbol}","U":${difference.first},"u":${difference.last},"b":${levels(difference.bids)},"a":${levels(difference.asks)}}`

export const referencePrice = (symbol: string, ticks: number, now: number, unit: TimeUnit): string =>
  `{"e":"referencePrice","s":"${symbol}","r":"${price(ticks)}","t":${instant(now, unit)}}`
