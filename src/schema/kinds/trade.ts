/**
 * `<symbol>@trade`: every trade, in real time.
 *
 * ```json
 * {"e":"trade","E":1795402801207,"s":"ETHUSDT","t":4123456789,"p":"2891.17000000","q":"0.34120000","T":1795402801205,"m":false,"M":true}
 * ```
 *
 * `t` counts up by one per symbol. `m`: the buyer is the maker. `M` is documented as to be ignored.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#trade-streams
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, Id, MarketSymbol, toMillis } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const Trade = Schema.Struct({
  e: Schema.Literal("trade").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  t: Id.annotate({ description: "trade id" }),
  p: Decimal.annotate({ description: "price" }),
  q: Decimal.annotate({ description: "quantity, in the base asset" }),
  T: ExchangeTime.annotate({ description: "trade time" }),
  m: Schema.Boolean.annotate({ description: "the buyer is the maker" })
})

export const trade = streamKind({
  name: "trade",
  title: "every trade",
  example: "btcusdt@trade",
  brief: { id: "t", price: "p", quantity: "q", buyerIsMaker: "m" },
  suffixes: ["trade"],
  topic: { variable: "TOPIC_RAW_TRADES", default: "raw_trades" },
  sequence: "ids",
  payload: Trade,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: payload.t,
    exact: true,
    span: { first: payload.t, last: payload.t }
  })
})
