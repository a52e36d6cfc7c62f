/**
 * `<symbol>@ticker_<window>`, or `!ticker_<window>@arr` for every symbol that changed: statistics of the last hour, four hours or
 * day, once a second.
 *
 * ```json
 * {"e":"1hTicker","E":1795402803500,"s":"ETHUSDT","p":"-3.10000000","P":"-0.107","o":"2894.27000000","h":"2897.00000000","l":"2886.10000000","c":"2891.17000000","w":"2891.55000000","v":"9120.11000000","q":"26371273.07000000","O":1795399200000,"C":1795402803499,"F":4123300000,"L":4123456792,"n":156793}
 * ```
 *
 * As `ticker`, without the best bid and ask, the last quantity and the price before the window. `O` is cut to a full minute, so the
 * window is up to a minute longer than its name.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#individual-symbol-rolling-window-statistics-streams
 */
import { Schema } from "effect"
import { Count, Decimal, ExchangeTime, MarketSymbol, OptionalId, toMillis } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

const windows = ["1h", "4h", "1d"]

export const WindowTicker = Schema.Struct({
  e: Schema.Literals(["1hTicker", "4hTicker", "1dTicker"]),
  E: ExchangeTime,
  s: MarketSymbol,
  p: Decimal,
  P: Decimal,
  o: Decimal,
  h: Decimal,
  l: Decimal,
  c: Decimal,
  w: Decimal,
  v: Decimal,
  q: Decimal,
  O: ExchangeTime,
  C: ExchangeTime,
  F: OptionalId,
  L: OptionalId,
  n: Count
})

export const windowTicker = streamKind({
  name: "windowTicker",
  title: "statistics of an hour, four hours or a day",
  example: "btcusdt@ticker_1h",
  brief: { last: "c", changePercent: "P", high: "h", low: "l", volume: "v" },
  suffixes: windows.map((window) => `ticker_${window}`),
  allMarket: windows.map((window) => `!ticker_${window}@arr`),
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_WINDOW_TICKERS", default: "raw_window_tickers" },
  streamType: (suffix) => suffix.replace(/^!/, "").replace(/@arr$/, ""),
  payload: WindowTicker,
  fields: {
    e: "event type",
    E: "event time, ms",
    s: "symbol",
    p: "change in price, decimal text",
    P: "change in price in percent, decimal text",
    o: "open price, decimal text",
    h: "high price, decimal text",
    l: "low price, decimal text",
    c: "last price, decimal text",
    w: "weighted average price, decimal text",
    v: "volume in the base asset, decimal text",
    q: "volume in the quote asset, decimal text",
    O: "open time, ms, cut to a full minute",
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
    variant: `ticker_${payload.e.replace("Ticker", "")}`
  })
})
