/**
 * `<symbol>@miniTicker` every two seconds, or `!miniTicker@arr` for every symbol that changed, once a second: prices and volumes of
 * the last 24 hours.
 *
 * ```json
 * {"e":"24hrMiniTicker","E":1795402803010,"s":"ETHUSDT","c":"2891.17","o":"2840.02","h":"2905.00","l":"2811.30","v":"311020.551","q":"889120334.12","ps":"ETHUSDT","st":1}
 * ```
 *
 * Fields as spot's; the array holds the rows of COIN-M too (`st` 2), which are passed over.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Individual-Symbol-Mini-Ticker-Stream
 */
import { MiniTicker, miniTickerFacts } from "../miniTicker.ts"
import { usdmKind } from "./usdmKind.ts"

export const miniTicker = usdmKind({
  name: "miniTicker",
  title: "prices and volumes of 24 hours, in short",
  example: "btcusdt@miniTicker",
  brief: { last: "c", open: "o", high: "h", low: "l", volume: "v" },
  suffixes: ["miniTicker"],
  allMarket: ["!miniTicker@arr"],
  route: "market",
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_MINI_TICKERS", default: "raw_usdm_mini_tickers" },
  payload: MiniTicker,
  facts: miniTickerFacts
})
