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
import { streamKind } from "../StreamKind.ts"

export const Ticker = Schema.Struct({
  e: Schema.Literal("24hrTicker"),
  E: ExchangeTime,
  s: MarketSymbol,
  p: Decimal,
  P: Decimal,
  w: Decimal,
  x: Decimal,
  c: Decimal,
  Q: Decimal,
  b: Decimal,
  B: Decimal,
  a: Decimal,
  A: Decimal,
  o: Decimal,
  h: Decimal,
  l: Decimal,
  v: Decimal,
  q: Decimal,
  O: ExchangeTime,
  C: ExchangeTime,
  F: OptionalId,
  L: OptionalId,
  n: Count
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
  fields: {
    e: "event type",
    E: "event time, ms",
    s: "symbol",
    p: "change in price, decimal text",
    P: "change in price in percent, decimal text",
    w: "weighted average price, decimal text",
    x: "last price before the window, decimal text",
    c: "last price, decimal text",
    Q: "last quantity, decimal text",
    b: "best bid price, decimal text",
    B: "quantity at the best bid, decimal text",
    a: "best ask price, decimal text",
    A: "quantity at the best ask, decimal text",
    o: "open price, decimal text",
    h: "high price, decimal text",
    l: "low price, decimal text",
    v: "volume in the base asset, decimal text",
    q: "volume in the quote asset, decimal text",
    O: "open time, ms",
    C: "close time, ms",
    F: "first trade id, -1 if there was none",
    L: "last trade id, -1 if there was none",
    n: "number of trades"
  },
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: toMillis(payload.E),
    exact: false,
    span: undefined,
    newestTrade: payload.L < 0 ? undefined : payload.L
  })
})
