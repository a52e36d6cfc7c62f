/**
 * `<symbol>@bookTicker`: the best bid and ask, whenever one of them changes.
 *
 * ```json
 * {"u":61230045512,"s":"ETHUSDT","b":"2891.16000000","B":"12.40100000","a":"2891.17000000","A":"3.07700000"}
 * ```
 *
 * The payload names neither its type nor a time. `u`, the id of the order-book update, rises but not by one.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#individual-symbol-book-ticker-streams
 */
import { Schema } from "effect"
import { Decimal, Id, MarketSymbol } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const BookTicker = Schema.Struct({
  u: Id.annotate({ description: "id of the order-book update" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  b: Decimal.annotate({ description: "best bid price" }),
  B: Decimal.annotate({ description: "quantity at the best bid" }),
  a: Decimal.annotate({ description: "best ask price" }),
  A: Decimal.annotate({ description: "quantity at the best ask" })
})

export const bookTicker = streamKind({
  name: "bookTicker",
  title: "best bid and ask",
  example: "btcusdt@bookTicker",
  brief: { bid: "b", bidQuantity: "B", ask: "a", askQuantity: "A" },
  suffixes: ["bookTicker"],
  topic: { variable: "TOPIC_RAW_BOOK_TICKERS", default: "raw_book_tickers" },
  payload: BookTicker,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: undefined,
    id: payload.u,
    exact: false,
    span: undefined
  })
})
