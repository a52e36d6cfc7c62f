/**
 * `<symbol>@referencePrice`: the price that orders are limited by, once a second.
 *
 * ```json
 * {"e":"referencePrice","s":"ETHUSDT","r":"2890.88","t":1795402804900}
 * ```
 *
 * `r` is null while there is none. `t` is when it held by the matching engine's clock; there is no event time.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#reference-price-streams
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, MarketSymbol, toMillis } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const ReferencePrice = Schema.Struct({
  e: Schema.Literal("referencePrice").annotate({ description: "kind of event" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  r: Schema.NullOr(Decimal).annotate({ description: "reference price; null while there is none" }),
  t: ExchangeTime.annotate({ description: "when it held" })
})

export const referencePrice = streamKind({
  name: "referencePrice",
  title: "reference price",
  example: "btcusdt@referencePrice",
  brief: { price: "r" },
  suffixes: ["referencePrice"],
  topic: { variable: "TOPIC_RAW_REFERENCE_PRICES", default: "raw_reference_prices" },
  payload: ReferencePrice,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: undefined,
    id: toMillis(payload.t),
    exact: false,
    span: undefined
  })
})
