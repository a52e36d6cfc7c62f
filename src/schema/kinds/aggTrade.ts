/**
 * `<symbol>@aggTrade`: the trades of one taker order at one price, as one, in real time.
 *
 * ```json
 * {"e":"aggTrade","E":1795402801208,"s":"ETHUSDT","a":1987654321,"p":"2891.17000000","q":"1.20000000","f":4123456789,"l":4123456792,"T":1795402801205,"m":false,"M":true}
 * ```
 *
 * `a` counts up by one per symbol; `f` to `l` are the ids of the trades in it, both -1 in the few rows that the exchange has
 * voided. `m`: the buyer is the maker. `M` is documented as to be ignored.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#aggregate-trade-streams
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, Id, MarketSymbol, OptionalId, toMillis } from "../Primitives.ts"
import { type EventFacts, streamKind } from "../StreamKind.ts"

export const AggTrade = Schema.Struct({
  e: Schema.Literal("aggTrade").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  a: Id.annotate({ description: "aggregate trade id" }),
  p: Decimal.annotate({ description: "price" }),
  q: Decimal.annotate({ description: "quantity, in the base asset" }),
  f: OptionalId.annotate({ description: "first trade id" }),
  l: OptionalId.annotate({ description: "last trade id" }),
  T: ExchangeTime.annotate({ description: "trade time" }),
  m: Schema.Boolean.annotate({ description: "the buyer is the maker" })
})

export const aggTradeFacts = (payload: typeof AggTrade.Type): EventFacts => ({
  symbol: payload.s,
  eventTime: toMillis(payload.E),
  id: payload.a,
  exact: true,
  span: { first: payload.a, last: payload.a }
})

export const aggTrade = streamKind({
  name: "aggTrade",
  title: "trades joined by taker order and price",
  example: "btcusdt@aggTrade",
  brief: { id: "a", price: "p", quantity: "q", first: "f", last: "l", buyerIsMaker: "m" },
  suffixes: ["aggTrade"],
  topic: { variable: "TOPIC_RAW_AGG_TRADES", default: "raw_agg_trades" },
  sequence: "ids",
  payload: AggTrade,
  facts: aggTradeFacts
})
