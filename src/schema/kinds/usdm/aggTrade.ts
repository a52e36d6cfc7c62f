/**
 * `<symbol>@aggTrade`: the trades at one price of one taker side within 100 ms, as one.
 *
 * ```json
 * {"e":"aggTrade","E":1795402805100,"s":"ETHUSDT","a":2800012345,"p":"2890.90","q":"3.210","nq":"3.000","f":7123456701,"l":7123456709,"T":1795402805011,"m":true,"st":1}
 * ```
 *
 * `a` counts up by one per symbol. `f` to `l` are the ids of the trades in it; those of the insurance fund and of auto-deleveraging
 * are in none, so that these ids may skip some: no gap. `nq` is the quantity without orders of retail price improvement.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Aggregate-Trade-Streams
 */
import { Schema } from "effect"
import { Decimal } from "../../Primitives.ts"
import { AggTrade, aggTradeFacts } from "../aggTrade.ts"
import { usdmKind } from "./usdmKind.ts"

export const UsdmAggTrade = Schema.Struct({
  ...AggTrade.fields,
  nq: Schema.optionalKey(Decimal).annotate({ description: "quantity without retail price improvement" })
})

export const aggTrade = usdmKind({
  name: "aggTrade",
  title: "trades joined by price, taker side and 100 ms",
  example: "btcusdt@aggTrade",
  brief: { id: "a", price: "p", quantity: "q", first: "f", last: "l", buyerIsMaker: "m" },
  suffixes: ["aggTrade"],
  route: "market",
  topic: { variable: "TOPIC_RAW_AGG_TRADES", default: "raw_usdm_agg_trades" },
  sequence: "ids",
  payload: UsdmAggTrade,
  facts: aggTradeFacts
})
