/**
 * `<symbol>@blockTrade`: every block trade, in real time.
 *
 * ```json
 * {"e":"blockTrade","E":1795402802000,"s":"ETHUSDT","t":771,"p":"2880.50","q":"4200","T":1795402801741,"m":true}
 * ```
 *
 * `t` counts block trades only, in ids of their own; nothing says that they are without holes, so there is no sequence to watch.
 * `m`: the buyer is the maker.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#block-trade-streams
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, Id, MarketSymbol, toMillis } from "../Primitives.ts"
import { streamKind } from "../StreamKind.ts"

export const BlockTrade = Schema.Struct({
  e: Schema.Literal("blockTrade").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  t: Id.annotate({ description: "block trade id" }),
  p: Decimal.annotate({ description: "price" }),
  q: Decimal.annotate({ description: "quantity, in the base asset" }),
  T: ExchangeTime.annotate({ description: "trade time" }),
  m: Schema.Boolean.annotate({ description: "the buyer is the maker" })
})

export const blockTrade = streamKind({
  name: "blockTrade",
  title: "every block trade",
  example: "btcusdt@blockTrade",
  brief: { id: "t", price: "p", quantity: "q", buyerIsMaker: "m" },
  suffixes: ["blockTrade"],
  topic: { variable: "TOPIC_RAW_BLOCK_TRADES", default: "raw_block_trades" },
  payload: BlockTrade,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: payload.t,
    exact: true,
    span: undefined
  })
})
