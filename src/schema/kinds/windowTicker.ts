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
  e: Schema.Literals(["1hTicker", "4hTicker", "1dTicker"]).annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  p: Decimal.annotate({ description: "price change" }),
  P: Decimal.annotate({ description: "price change in percent" }),
  o: Decimal.annotate({ description: "open price" }),
  h: Decimal.annotate({ description: "high price" }),
  l: Decimal.annotate({ description: "low price" }),
  c: Decimal.annotate({ description: "last price" }),
  w: Decimal.annotate({ description: "weighted average price" }),
  v: Decimal.annotate({ description: "volume, in the base asset" }),
  q: Decimal.annotate({ description: "volume, in the quote asset" }),
  O: ExchangeTime.annotate({ description: "window opens at" }),
  C: ExchangeTime.annotate({ description: "window closes at" }),
  F: OptionalId.annotate({ description: "first trade id" }),
  L: OptionalId.annotate({ description: "last trade id" }),
  n: Count.annotate({ description: "number of trades" })
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
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: toMillis(payload.E),
    exact: false,
    span: undefined,
    variant: `ticker_${payload.e.replace("Ticker", "")}`
  })
})
