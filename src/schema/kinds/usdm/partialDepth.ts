/**
 * `<symbol>@depth<levels>`, or with `@500ms` or `@100ms`: the best 5, 10 or 20 levels of the order book, whole each time, every 250,
 * 500 or 100 ms.
 *
 * ```json
 * {"e":"depthUpdate","E":1795402804014,"T":1795402804010,"s":"ETHUSDT","U":61230045403,"u":61230045512,"pu":61230045400,"b":[["2891.16","12.401"]],"a":[["2891.17","3.077"]],"ps":"ETHUSDT","st":1}
 * ```
 *
 * Written as a change of the book (`depth`), unlike spot's; each stands alone.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Partial-Book-Depth-Streams
 */
import { toMillis } from "../../Primitives.ts"
import { DepthUpdate } from "./depth.ts"
import { usdmKind } from "./usdmKind.ts"

export const partialDepth = usdmKind({
  name: "partialDepth",
  title: "the best levels of the order book",
  example: "btcusdt@depth20@100ms",
  brief: { last: "u", bid: "b.0.0", bidQuantity: "b.0.1", ask: "a.0.0", askQuantity: "a.0.1" },
  suffixes: ["depth5", "depth10", "depth20"].flatMap((suffix) => [suffix, `${suffix}@500ms`, `${suffix}@100ms`]),
  route: "public",
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_PARTIAL_DEPTH", default: "raw_usdm_partial_depth" },
  streamType: (suffix) => suffix.replace(/@\d+ms$/, ""),
  payload: DepthUpdate,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: payload.u,
    exact: false,
    span: undefined
  })
})
