/**
 * `<symbol>@ticker`: statistics of the last 24 hours, once a second.
 *
 * ```json
 * {"e":"24hrTicker","E":1795402803011,"s":"ETHUSDT","p":"51.15000000","P":"1.801","w":"2858.73640000","x":"2840.01000000","c":"2891.17000000","Q":"0.34120000","b":"2891.16000000","B":"12.40100000","a":"2891.17000000","A":"3.07700000","o":"2840.02000000","h":"2905.00000000","l":"2811.30000000","v":"311020.55120000","q":"889120334.12000000","O":1795316403010,"C":1795402803010,"F":4121900000,"L":4123456792,"n":1556793}
 * ```
 *
 * Many names differ by case alone: `p` is the change in price and `P` in percent, `o` the open price and `O` the open time. `F`
 * and `L` are the first and last trade of the window. Its form for every symbol, `!ticker@arr`, has been retired.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#individual-symbol-ticker-streams
 */
import { Schema } from "effect"
import { Count, Decimal, ExchangeTime, MarketSymbol, OptionalId, toMillis } from "../Primitives.ts"
import { type EventFacts, streamKind } from "../StreamKind.ts"

export const Ticker = Schema.Struct({
  e: Schema.Literal("24hrTicker").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  p: Decimal.annotate({ description: "price change" }),
  P: Decimal.annotate({ description: "price change in percent" }),
  w: Decimal.annotate({ description: "weighted average price" }),
  x: Decimal.annotate({ description: "price before the window" }),
  c: Decimal.annotate({ description: "last price" }),
  Q: Decimal.annotate({ description: "last quantity" }),
  b: Decimal.annotate({ description: "best bid price" }),
  B: Decimal.annotate({ description: "quantity at the best bid" }),
  a: Decimal.annotate({ description: "best ask price" }),
  A: Decimal.annotate({ description: "quantity at the best ask" }),
  o: Decimal.annotate({ description: "open price" }),
  h: Decimal.annotate({ description: "high price" }),
  l: Decimal.annotate({ description: "low price" }),
  v: Decimal.annotate({ description: "volume, in the base asset" }),
  q: Decimal.annotate({ description: "volume, in the quote asset" }),
  O: ExchangeTime.annotate({ description: "window opens at" }),
  C: ExchangeTime.annotate({ description: "window closes at" }),
  F: OptionalId.annotate({ description: "first trade id" }),
  L: OptionalId.annotate({ description: "last trade id" }),
  n: Count.annotate({ description: "number of trades" })
})

export const tickerFacts = (payload: Pick<typeof Ticker.Type, "s" | "E" | "L">): EventFacts => ({
  symbol: payload.s,
  eventTime: toMillis(payload.E),
  id: toMillis(payload.E),
  exact: false,
  span: undefined,
  newestTrade: payload.L < 0 ? undefined : payload.L
})

export const ticker = streamKind({
  name: "ticker",
  title: "statistics of 24 hours",
  example: "btcusdt@ticker",
  brief: { last: "c", changePercent: "P", bid: "b", ask: "a", volume: "v" },
  suffixes: ["ticker"],
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_TICKERS", default: "raw_tickers" },
  payload: Ticker,
  facts: tickerFacts
})
