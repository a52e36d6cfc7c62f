/**
 * `<symbol>@depth`, or with `@500ms` or `@100ms`: changes of the order book, every 250, 500 or 100 ms.
 *
 * ```json
 * {"e":"depthUpdate","E":1795402804014,"T":1795402804010,"s":"ETHUSDT","U":61230045403,"u":61230045512,"pu":61230045400,"b":[["2891.16","12.401"]],"a":[["2892.05","0.000"]],"ps":"ETHUSDT","st":1}
 * ```
 *
 * Follows the one whose last update id is `pu`: it covers what lies between that and `u`. `U` need not be `pu` + 1. A level is price
 * and new quantity, zero removes it; there may be no bids (`b`) or no asks (`a`).
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Diff-Book-Depth-Streams
 */
import { Schema } from "effect"
import { BookLevels, ExchangeTime, Id, MarketSymbol, toMillis } from "../../Primitives.ts"
import { usdmKind } from "./usdmKind.ts"

export const DepthUpdate = Schema.Struct({
  e: Schema.Literal("depthUpdate").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  T: ExchangeTime.annotate({ description: "time of the last update in it" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  U: Id.annotate({ description: "first update id in it" }),
  u: Id.annotate({ description: "last update id in it" }),
  pu: Id.annotate({ description: "last update id of the event before" }),
  b: BookLevels.annotate({ description: "bids, price and quantity" }),
  a: BookLevels.annotate({ description: "asks, price and quantity" })
})

export const UsdmDepth = DepthUpdate.check(
  Schema.makeFilter(({ pu, u }) =>
    pu < u ? undefined : { path: ["u"], issue: "expected a last update id above that of the event before (pu)" }
  )
)

export const depth = usdmKind({
  name: "depth",
  title: "changes of the order book",
  example: "btcusdt@depth@100ms",
  brief: { first: "U", last: "u", before: "pu", bidLevels: "b", askLevels: "a" },
  suffixes: ["depth", "depth@500ms", "depth@100ms"],
  route: "public",
  topic: { variable: "TOPIC_RAW_DEPTH", default: "raw_usdm_depth" },
  sequence: "updates",
  payload: UsdmDepth,
  facts: ({ E, pu, s, u }) => ({
    symbol: s,
    eventTime: toMillis(E),
    id: `${pu + 1}-${u}`,
    exact: false,
    span: { first: pu + 1, last: u }
  })
})
