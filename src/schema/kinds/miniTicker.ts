/**
 * `<symbol>@miniTicker`, or `!miniTicker@arr` for every symbol that changed: prices and volumes of the last 24 hours, once a
 * second.
 *
 * ```json
 * {"e":"24hrMiniTicker","E":1795402803010,"s":"ETHUSDT","c":"2891.17000000","o":"2840.02000000","h":"2905.00000000","l":"2811.30000000","v":"311020.55120000","q":"889120334.12000000"}
 * ```
 *
 * Last (`c`), open, high and low price; volume in the base (`v`) and in the quote asset (`q`). The window rolls: it is not a day.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#individual-symbol-mini-ticker-stream
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, MarketSymbol, toMillis } from "../Primitives.ts"
import { type EventFacts, streamKind } from "../StreamKind.ts"

export const MiniTicker = Schema.Struct({
  e: Schema.Literal("24hrMiniTicker").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  c: Decimal.annotate({ description: "last price" }),
  o: Decimal.annotate({ description: "open price" }),
  h: Decimal.annotate({ description: "high price" }),
  l: Decimal.annotate({ description: "low price" }),
  v: Decimal.annotate({ description: "volume, in the base asset" }),
  q: Decimal.annotate({ description: "volume, in the quote asset" })
})

export const miniTickerFacts = (payload: typeof MiniTicker.Type): EventFacts => ({
  symbol: payload.s,
  eventTime: toMillis(payload.E),
  id: toMillis(payload.E),
  exact: false,
  span: undefined
})

export const miniTicker = streamKind({
  name: "miniTicker",
  title: "prices and volumes of 24 hours, in short",
  example: "btcusdt@miniTicker",
  brief: { last: "c", open: "o", high: "h", low: "l", volume: "v" },
  suffixes: ["miniTicker"],
  allMarket: ["!miniTicker@arr"],
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_MINI_TICKERS", default: "raw_mini_tickers" },
  payload: MiniTicker,
  facts: miniTickerFacts
})
