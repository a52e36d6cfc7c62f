/**
 * `<symbol>@kline_<interval>`: a candle while it grows, every second or two, and once more when it has closed. With `@+08:00` its
 * days begin at midnight in UTC+8.
 *
 * ```json
 * {"e":"kline","E":1795402802015,"s":"ETHUSDT","k":{"t":1795402800000,"T":1795402859999,"s":"ETHUSDT","i":"1m","f":4123456700,"L":4123456792,"o":"2890.00000000","c":"2891.17000000","h":"2891.90000000","l":"2889.51000000","v":"83.11420000","n":93,"x":false,"q":"240236.11830000","V":"40.02000000","Q":"115680.40110000","B":"0"}}
 * ```
 *
 * `k.t` to `k.T` is its time, the next one begins at `k.T` + 1. `k.x`: closed; only closed candles follow one another, an open
 * one is state. `k.f` and `k.L`, its first and last trade, are -1 where there was none. `k.B` is documented as to be ignored.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#klinecandlestick-streams-for-utc
 */
import { Schema } from "effect"
import { intervals } from "../intervals.ts"
import { Count, Decimal, ExchangeTime, MarketSymbol, OptionalId, toMillis } from "../Primitives.ts"
import { type EventFacts, streamKind } from "../StreamKind.ts"

export const Kline = Schema.Struct({
  e: Schema.Literal("kline").annotate({ description: "kind of event" }),
  E: ExchangeTime.annotate({ description: "event time" }),
  s: MarketSymbol.annotate({ description: "symbol" }),
  k: Schema.Struct({
    t: ExchangeTime.annotate({ description: "open time" }),
    T: ExchangeTime.annotate({ description: "close time" }),
    s: MarketSymbol.annotate({ description: "symbol" }),
    i: Schema.Literals(intervals).annotate({ description: "interval" }),
    f: OptionalId.annotate({ description: "first trade id" }),
    L: OptionalId.annotate({ description: "last trade id" }),
    o: Decimal.annotate({ description: "open price" }),
    c: Decimal.annotate({ description: "close price" }),
    h: Decimal.annotate({ description: "high price" }),
    l: Decimal.annotate({ description: "low price" }),
    v: Decimal.annotate({ description: "volume, in the base asset" }),
    n: Count.annotate({ description: "number of trades" }),
    x: Schema.Boolean.annotate({ description: "the candle is closed" }),
    q: Decimal.annotate({ description: "volume, in the quote asset" }),
    V: Decimal.annotate({ description: "volume bought by takers, in the base asset" }),
    Q: Decimal.annotate({ description: "volume bought by takers, in the quote asset" })
  }).check(
    Schema.makeFilter((k) =>
      k.t < k.T ? undefined : { path: ["T"], issue: "expected a close time after the open time" }
    )
  )
})

export const klineFacts = (payload: typeof Kline.Type): EventFacts => {
  const { L, T, i, t, x } = payload.k
  const event = {
    symbol: payload.s,
    eventTime: toMillis(payload.E),
    variant: `kline_${i}`,
    newestTrade: L < 0 ? undefined : L
  }
  return x
    ? { ...event, id: toMillis(t), exact: true, span: { first: toMillis(t), last: toMillis(T) } }
    : { ...event, id: toMillis(payload.E), exact: false, span: undefined, proves: toMillis(t) - 1 }
}

export const klineBrief = {
  interval: "k.i",
  open: "k.o",
  high: "k.h",
  low: "k.l",
  close: "k.c",
  volume: "k.v",
  closed: "k.x"
}

export const kline = streamKind({
  name: "kline",
  title: "candles",
  example: "btcusdt@kline_1m",
  brief: klineBrief,
  suffixes: intervals.flatMap((interval) => [`kline_${interval}`, `kline_${interval}@+08:00`]),
  hasCadence: true,
  silentIn: ["CANCEL_ONLY"],
  topic: { variable: "TOPIC_RAW_KLINES", default: "raw_klines" },
  sequence: "times",
  payload: Kline,
  facts: klineFacts
})
