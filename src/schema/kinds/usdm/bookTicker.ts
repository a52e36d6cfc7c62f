/**
 * `<symbol>@bookTicker`: the best bid and ask, whenever one of them changes; `!bookTicker`, of every symbol, every five seconds.
 *
 * ```json
 * {"e":"bookTicker","u":61230045512,"E":1795402803012,"T":1795402803010,"s":"ETHUSDT","b":"2891.16","B":"12.401","a":"2891.17","A":"3.077","ps":"ETHUSDT","st":1}
 * ```
 *
 * `u`, the id of the order-book update, rises but not by one. Unlike spot's it says its type and its time.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Individual-Symbol-Book-Ticker-Streams
 */
import { Schema } from "effect"
import { ExchangeTime, toMillis } from "../../Primitives.ts"
import { BookTicker } from "../bookTicker.ts"
import { usdmKind } from "./usdmKind.ts"

export const UsdmBookTicker = Schema.Struct({
  e: Schema.Literal("bookTicker").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  T: ExchangeTime.annotate({ description: "time of the update" }),
  ...BookTicker.fields
})

export const bookTicker = usdmKind({
  name: "bookTicker",
  title: "best bid and ask",
  example: "btcusdt@bookTicker",
  brief: { bid: "b", bidQuantity: "B", ask: "a", askQuantity: "A" },
  suffixes: ["bookTicker"],
  allMarket: ["!bookTicker"],
  oneByOne: true,
  route: "public",
  topic: { variable: "TOPIC_RAW_BOOK_TICKERS", default: "raw_usdm_book_tickers" },
  payload: UsdmBookTicker,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: payload.u,
    exact: false,
    span: undefined
  })
})
