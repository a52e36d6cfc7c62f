/** The payloads of the futures' streams where they are not spot's, field by field in the exchange's order. */
import type { Candle } from "../Candles.ts"
import { averagePrice, price, quantity, turnover } from "../decimal.ts"
import type { BookDifference, OrderBook } from "../OrderBook.ts"
import { change, levels, span } from "../payloads.ts"
import type { SymbolMarket } from "../SymbolMarket.ts"
import type { AggregateRow } from "../TradeTape.ts"

const millis = (micros: number): number => Math.floor(micros / 1000)

/** Whose row it is: 1 is USD-M's, 2 COIN-M's. */
const USDM = `"st":1`
const COINM = `"st":2`

/** Now and then the last trade is one of the insurance fund, which is in no aggregate. */
export const lastOf = ({ first, id, last }: AggregateRow): number => (last > first && id % 7 === 0 ? last - 1 : last)

export const aggregate = (symbol: string, row: AggregateRow): string =>
  `{"e":"aggTrade","E":${millis(row.eventTime)},"s":"${symbol}","a":${row.id},"p":"${price(row.ticks)}","q":"${quantity(row.lots)}","nq":"${quantity(row.lots)}","f":${row.first},"l":${lastOf(row)},"T":${millis(row.time)},"m":${row.buyerIsMaker},${USDM}}`

export const bookTicker = (symbol: string, book: OrderBook, now: number): string => {
  const [bid, bidLots] = book.bestBid
  const [ask, askLots] = book.bestAsk
  return `{"e":"bookTicker","u":${book.updateId},"E":${millis(now)},"T":${millis(now)},"s":"${symbol}","b":"${price(bid)}","B":"${quantity(bidLots)}","a":"${price(ask)}","A":"${quantity(askLots)}","ps":"${symbol}",${USDM}}`
}

export const miniTicker = (symbol: string, window: Candle, now: number): string =>
  `{"e":"24hrMiniTicker","E":${millis(now)},"s":"${symbol}","c":"${price(window.closePrice)}","o":"${price(window.openPrice)}","h":"${price(window.high)}","l":"${price(window.low)}","v":"${quantity(window.base)}","q":"${turnover(window.quote)}","ps":"${symbol}",${USDM}}`

/** `opened` (µs) is where the window is said to begin. */
export const ticker = (market: SymbolMarket, window: Candle, opened: number, now: number): string => {
  const lastLots = market.trades.trade(window.last)?.lots ?? 0
  return `{"e":"24hrTicker","E":${millis(now)},"s":"${market.symbol}",${change(window)},"w":"${averagePrice(window.quote, window.base, window.closePrice)}","c":"${price(window.closePrice)}","Q":"${quantity(lastLots)}","o":"${price(window.openPrice)}","h":"${price(window.high)}","l":"${price(window.low)}","v":"${quantity(window.base)}","q":"${turnover(window.quote)}",${span(window, opened, now, "ms")},"ps":"${market.symbol}",${USDM}}`
}

const FUNDING_EVERY = 8 * 3_600_000

export const markPrice = (symbol: string, ticks: number, now: number): string => {
  const at = millis(now)
  return `{"e":"markPriceUpdate","E":${at},"s":"${symbol}","p":"${price(ticks)}","ap":"${price(ticks)}","i":"${price(ticks + 1)}","P":"${price(ticks)}","r":"0.00010000","T":${(Math.floor(at / FUNDING_EVERY) + 1) * FUNDING_EVERY},${USDM}}`
}

/** The liquidation of whoever was on the other side of the last trade. */
export const forceOrder = (market: SymbolMarket, now: number): string => {
  const last = market.trades.trade(market.trades.nextId - 1)
  const lots = quantity(last?.lots ?? 1)
  return `{"e":"forceOrder","E":${millis(now)},"o":{"s":"${market.symbol}","S":"${last?.buyerIsMaker === true ? "SELL" : "BUY"}","o":"LIMIT","f":"IOC","q":"${lots}","p":"${price(market.lastTicks)}","ap":"${price(market.lastTicks)}","X":"FILLED","l":"${lots}","z":"${lots}","T":${millis(now)}}}`
}

/** `U` is the first update that the event shows, which is not the one behind `pu`. */
const update = (symbol: string, { asks, bids, first, last }: BookDifference, now: number): string =>
  `{"e":"depthUpdate","E":${millis(now)},"T":${millis(now)},"s":"${symbol}","U":${Math.min(first + 1, last)},"u":${last},"pu":${first - 1},"b":${levels(bids)},"a":${levels(asks)},"ps":"${symbol}",${USDM}}`

export const depthUpdate = update

/** Written as a difference since `before`, whole all the same. */
export const partialDepth = (symbol: string, book: OrderBook, limit: number, before: number, now: number): string =>
  update(symbol, { first: before + 1, last: book.updateId, bids: book.bids(limit), asks: book.asks(limit) }, now)

/** What COIN-M has to say in the streams of every symbol. */
export const coinM = {
  ticker: (now: number): string =>
    `{"e":"24hrTicker","E":${millis(now)},"s":"BTCUSD_PERP","ps":"BTCUSD","p":"1.0","P":"0.001","w":"65000.1","c":"65000.1","Q":"1","o":"64999.1","h":"65001.0","l":"64000.0","v":"1000","q":"1.5","O":0,"C":${millis(now)},"F":1,"L":2,"n":2,${COINM}}`,
  miniTicker: (now: number): string =>
    `{"e":"24hrMiniTicker","E":${millis(now)},"s":"BTCUSD_PERP","ps":"BTCUSD","c":"65000.1","o":"64999.1","h":"65001.0","l":"64000.0","v":"1000","q":"1.5",${COINM}}`,
  bookTicker: (now: number): string =>
    `{"e":"bookTicker","u":1,"E":${millis(now)},"T":${millis(now)},"s":"BTCUSD_PERP","b":"65000.0","B":"10","a":"65000.1","A":"10","ps":"BTCUSD",${COINM}}`,
  forceOrder: (now: number): string =>
    `{"e":"forceOrder","E":${millis(now)},"o":{"s":"BTCUSD_PERP","S":"SELL","o":"LIMIT","f":"IOC","q":"1","p":"65000.0","ap":"65000.0","X":"FILLED","l":"1","z":"1","T":${millis(now)}},"ps":"BTCUSD",${COINM}}`
}
