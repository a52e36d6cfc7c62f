/**
 * `<symbol>@depth<levels>`, or `<symbol>@depth<levels>@100ms`: the best 5, 10 or 20 levels of the order book, whole each time, once
 * a second or ten times.
 *
 * ```json
 * {"lastUpdateId":61230045512,"bids":[["2891.16000000","12.40100000"]],"asks":[["2891.17000000","3.07700000"]]}
 * ```
 *
 * The payload names neither its symbol nor its type nor a time: only the stream does.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#partial-book-depth-streams
 */
import { Schema } from "effect"
import { BookLevels, Id } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const PartialDepth = Schema.Struct({
  lastUpdateId: Id.annotate({ description: "update id that the levels are as of" }),
  bids: BookLevels.annotate({ description: "bids, best first" }),
  asks: BookLevels.annotate({ description: "asks, best first" })
})

export const partialDepth = streamKind({
  name: "partialDepth",
  title: "the best levels of the order book",
  example: "btcusdt@depth20@100ms",
  brief: { last: "lastUpdateId", bid: "bids.0.0", bidQuantity: "bids.0.1", ask: "asks.0.0", askQuantity: "asks.0.1" },
  suffixes: ["depth5", "depth10", "depth20"].flatMap((suffix) => [suffix, `${suffix}@100ms`]),
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_PARTIAL_DEPTH", default: "raw_partial_depth" },
  streamType: (suffix) => suffix.replace(/@100ms$/, ""),
  payload: PartialDepth,
  facts: (payload) => ({
    symbol: undefined,
    eventTime: undefined,
    id: payload.lastUpdateId,
    exact: false,
    span: undefined
  })
})
