/**
 * `<symbol>@depth`, or `<symbol>@depth@100ms`: changes of the order book, once a second or ten times.
 *
 * ```json
 * {"e":"depthUpdate","E":1795402804014,"s":"ETHUSDT","U":61230045401,"u":61230045512,"b":[["2891.16000000","12.40100000"]],"a":[["2892.05000000","0.00000000"]]}
 * ```
 *
 * Covers the updates `U` to `u`; the next one begins at `u` + 1. A level is price and new quantity, zero removes it; there may be
 * no bids (`b`) or no asks (`a`).
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#diff-depth-stream
 */
import { Schema } from "effect"
import { BookLevels, ExchangeTime, Id, MarketSymbol, toMillis } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const Depth = Schema.Struct({
  e: Schema.Literal("depthUpdate").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  U: Id.annotate({ description: "first update id in it" }),
  u: Id.annotate({ description: "last update id in it" }),
  b: BookLevels.annotate({ description: "bids that changed" }),
  a: BookLevels.annotate({ description: "asks that changed" })
}).check(
  Schema.makeFilter(({ U, u }) => (U <= u ? undefined : { path: ["u"], issue: "expected a last update id from U on" }))
)

export const depth = streamKind({
  name: "depth",
  title: "changes of the order book",
  example: "btcusdt@depth@100ms",
  brief: { first: "U", last: "u", bidLevels: "b", askLevels: "a" },
  suffixes: ["depth", "depth@100ms"],
  topic: { variable: "TOPIC_RAW_DEPTH", default: "raw_depth" },
  sequence: "updates",
  payload: Depth,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: `${payload.U}-${payload.u}`,
    exact: false,
    span: { first: payload.U, last: payload.u }
  })
})
