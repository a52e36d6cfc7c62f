/**
 * `<symbol>@avgPrice`: the average price of the last minutes, once a second.
 *
 * ```json
 * {"e":"avgPrice","E":1795402804000,"s":"ETHUSDT","i":"5m","w":"2890.91000000","T":1795402803872}
 * ```
 *
 * `i` is the interval that `w` is the average of; `T` is the time of the last trade.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#average-price
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, MarketSymbol, toMillis } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const AvgPrice = Schema.Struct({
  e: Schema.Literal("avgPrice").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  i: Schema.NonEmptyString.annotate({ description: "interval that is averaged over" }),
  w: Decimal.annotate({ description: "average price" }),
  T: ExchangeTime.annotate({ description: "time of the last trade" })
})

export const avgPrice = streamKind({
  name: "avgPrice",
  title: "average price",
  example: "btcusdt@avgPrice",
  brief: { price: "w", interval: "i" },
  suffixes: ["avgPrice"],
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_AVG_PRICES", default: "raw_avg_prices" },
  payload: AvgPrice,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: toMillis(payload.E),
    exact: false,
    span: undefined
  })
})
