/**
 * `<symbol>@ticker` every two seconds, or `!ticker@arr` for every symbol that changed, once a second: statistics of the last 24
 * hours.
 *
 * ```json
 * {"e":"24hrTicker","E":1795402803011,"s":"ETHUSDT","p":"51.15","P":"1.801","w":"2858.73","c":"2891.17","Q":"0.341","o":"2840.02","h":"2905.00","l":"2811.30","v":"311020.551","q":"889120334.12","O":1795316403010,"C":1795402803010,"F":7121900000,"L":7123456792,"n":1556793,"ps":"ETHUSDT","st":1}
 * ```
 *
 * As spot's, without the best bid and ask and the price before the window; the array holds the rows of COIN-M too (`st` 2), which
 * are passed over.
 *
 * @see https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Individual-Symbol-Ticker-Streams
 */
import { Schema, Struct } from "effect"
import { Ticker, tickerFacts } from "../ticker.ts"
import { usdmKind } from "./usdmKind.ts"

export const UsdmTicker = Schema.Struct(Struct.omit(Ticker.fields, ["x", "b", "B", "a", "A"]))

export const ticker = usdmKind({
  name: "ticker",
  title: "statistics of 24 hours",
  example: "btcusdt@ticker",
  brief: { last: "c", changePercent: "P", high: "h", low: "l", volume: "v" },
  suffixes: ["ticker"],
  allMarket: ["!ticker@arr"],
  route: "market",
  hasCadence: true,
  topic: { variable: "TOPIC_RAW_TICKERS", default: "raw_usdm_tickers" },
  payload: UsdmTicker,
  facts: tickerFacts
})
