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
import { streamKind } from "../StreamKind.ts"

export const AggTrade = Schema.Struct({
  e: Schema.Literal("aggTrade"),
  E: ExchangeTime,
  s: MarketSymbol,
  a: Id,
  p: Decimal,
  q: Decimal,
  f: OptionalId,
  l: OptionalId,
  T: ExchangeTime,
  m: Schema.Boolean
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
  fields: {
    e: "event type",
    E: "event time, ms",
    s: "symbol",
    a: "aggregate trade id, counts up by one per symbol",
    p: "price, decimal text",
    q: "quantity, decimal text",
    f: "first trade id in it, -1 if voided",
    l: "last trade id in it, -1 if voided",
    T: "trade time, ms",
    m: "the buyer is the maker"
  },
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: payload.a,
    exact: true,
    span: { first: payload.a, last: payload.a }
  })
})
