/**
 * `<symbol>@kline_<interval>`: a candle while it grows, four times a second, and once more when it has closed.
 *
 * ```json
 * {"e":"kline","E":1795402802015,"s":"ETHUSDT","k":{"t":1795402800000,"T":1795402859999,"s":"ETHUSDT","i":"1m","f":7123456700,"L":7123456792,"o":"2890.00","c":"2891.17","h":"2891.90","l":"2889.51","v":"83.114","n":93,"x":false,"q":"240236.11830","V":"40.020","Q":"115680.40110","B":"0"}}
 * ```
 *
 * As spot's, without those of a second and those of UTC+8.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Kline-Candlestick-Streams
 */
import { intervals } from "../../intervals.ts"
import { Kline, klineBrief, klineFacts } from "../kline.ts"
import { usdmKind } from "./usdmKind.ts"

export const kline = usdmKind({
  name: "kline",
  title: "candles",
  example: "btcusdt@kline_1m",
  brief: klineBrief,
  suffixes: intervals.filter((interval) => interval !== "1s").map((interval) => `kline_${interval}`),
  route: "market",
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_KLINES", default: "raw_usdm_klines" },
  sequence: "times",
  payload: Kline,
  facts: klineFacts
})
