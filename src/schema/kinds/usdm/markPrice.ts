/**
 * `<symbol>@markPrice`, or `!markPrice@arr` for every symbol: mark price, index price and funding rate, every three seconds, or with
 * `@1s` every second.
 *
 * ```json
 * {"e":"markPriceUpdate","E":1795402806000,"s":"ETHUSDT","p":"2890.95120000","ap":"2890.90010000","i":"2891.20110000","P":"2890.70330000","r":"0.00010000","T":1795420800000,"st":1}
 * ```
 *
 * `ap` (since 2026-03) is the mark price's moving average. Contracts that are delivered have no funding: `r` is empty, `T` is 0.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Mark-Price-Stream
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, MarketSymbol, toMillis } from "../../Primitives.ts"
import { usdmKind } from "./usdmKind.ts"

export const MarkPrice = Schema.Struct({
  e: Schema.Literal("markPriceUpdate").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  p: Decimal.annotate({ description: "mark price" }),
  ap: Schema.optionalKey(Decimal).annotate({ description: "moving average of the mark price" }),
  i: Decimal.annotate({ description: "index price" }),
  P: Decimal.annotate({ description: "estimated settle price" }),
  r: Schema.Union([Decimal, Schema.Literal("")]).annotate({
    description: "funding rate; empty for delivery contracts"
  }),
  T: ExchangeTime.annotate({ description: "next funding time; 0 for delivery contracts" })
})

export const markPrice = usdmKind({
  name: "markPrice",
  title: "mark price and funding rate",
  example: "btcusdt@markPrice@1s",
  brief: { mark: "p", index: "i", fundingRate: "r", nextFunding: "T" },
  suffixes: ["markPrice", "markPrice@1s"],
  allMarket: ["!markPrice@arr", "!markPrice@arr@1s"],
  route: "market",
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_MARK_PRICES", default: "raw_usdm_mark_prices" },
  payload: MarkPrice,
  facts: (payload) => ({
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    id: toMillis(payload.E),
    exact: false,
    span: undefined
  })
})
