/**
 * `<symbol>@forceOrder`, or `!forceOrder@arr` for every symbol: orders that liquidate a position.
 *
 * ```json
 * {"e":"forceOrder","E":1795402806500,"o":{"s":"ETHUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"1.500","p":"2871.02","ap":"2889.40","X":"FILLED","l":"0.300","z":"1.500","T":1795402806498}}
 * ```
 *
 * A sample: of each symbol the exchange sends no more than one a second. In spite of its name `!forceOrder@arr` sends one at a time.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Liquidation-Order-Streams
 */
import { Schema } from "effect"
import { Decimal, ExchangeTime, MarketSymbol, toMillis } from "../../Primitives.ts"
import { usdmKind } from "./usdmKind.ts"

export const ForceOrder = Schema.Struct({
  e: Schema.Literal("forceOrder").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  o: Schema.Struct({
    s: MarketSymbol.annotate({ description: "symbol" }),
    S: Schema.Literals(["BUY", "SELL"]).annotate({ description: "side" }),
    o: Schema.NonEmptyString.annotate({ description: "order type" }),
    f: Schema.NonEmptyString.annotate({ description: "time in force" }),
    q: Decimal.annotate({ description: "quantity" }),
    p: Decimal.annotate({ description: "price" }),
    ap: Decimal.annotate({ description: "average price" }),
    X: Schema.NonEmptyString.annotate({ description: "order status" }),
    l: Decimal.annotate({ description: "quantity of the last fill" }),
    z: Decimal.annotate({ description: "quantity filled so far" }),
    T: ExchangeTime.annotate({ description: "time of the fill" })
  })
})

export const forceOrder = usdmKind({
  name: "forceOrder",
  title: "liquidations, a sample",
  example: "btcusdt@forceOrder",
  brief: { side: "o.S", price: "o.p", average: "o.ap", quantity: "o.q", status: "o.X" },
  suffixes: ["forceOrder"],
  allMarket: ["!forceOrder@arr"],
  oneByOne: true,
  route: "market",
  topic: { variable: "TOPIC_RAW_FORCE_ORDERS", default: "raw_usdm_force_orders" },
  payload: ForceOrder,
  facts: ({ E, o }) => ({
    symbol: o.s,
    eventTime: toMillis(E),
    id: toMillis(E),
    exact: false,
    span: undefined
  })
})
