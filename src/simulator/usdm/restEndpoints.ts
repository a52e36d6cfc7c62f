/** The futures' REST endpoints: spot's under another path, with rows, weights and limits of their own. */
import { Result } from "effect"
import { price, quantity } from "../decimal.ts"
import {
  aggregateTrades,
  always,
  dayTickers,
  depth,
  type Endpoint,
  klines,
  type Query,
  rateLimits,
  time
} from "../restEndpoints.ts"
import * as read from "../restParameters.ts"
import type { Parameters, Parsed } from "../restParameters.ts"
import type { SymbolMarket } from "../SymbolMarket.ts"
import { instant } from "../time.ts"
import type { AggregateRow } from "../TradeTape.ts"
import { lastOf } from "./payloads.ts"

/** What is older is not told any more. */
const KEPT_MILLIS = 24 * 3_600_000

const aggregateRow = (row: AggregateRow): string =>
  `{"a":${row.id},"p":"${price(row.ticks)}","q":"${quantity(row.lots)}","nq":"${quantity(row.lots)}","f":${row.first},"l":${lastOf(row)},"T":${instant(row.time, "ms")},"m":${row.buyerIsMaker}}`

const usualLimit = (parameters: Parameters): number => Number(parameters.get("limit") ?? 500)

const klineWeight = (parameters: Parameters): number => {
  const limit = usualLimit(parameters)
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1000 ? 5 : 10
}

const depthWeight = (parameters: Parameters): number => {
  const limit = usualLimit(parameters)
  return limit <= 50 ? 2 : limit <= 100 ? 5 : limit <= 500 ? 10 : 20
}

const noSeconds = (query: Query): Parsed<string> =>
  query.parameters.get("interval") === "1s" ? read.fail(-1120, "Invalid interval.") : klines(query)

const symbolInfo = ({ status, symbol }: SymbolMarket) => ({
  symbol,
  pair: symbol,
  contractType: "PERPETUAL",
  status,
  baseAsset: symbol.replace(/USD[TC]$/, ""),
  quoteAsset: symbol.slice(-4),
  marginAsset: symbol.slice(-4)
})

const exchangeInfo = ({ market, now, weightPerMinute }: Query): Parsed<string> =>
  Result.succeed(
    JSON.stringify({
      timezone: "UTC",
      serverTime: instant(now, "ms"),
      futuresType: "U_MARGINED",
      rateLimits: rateLimits(weightPerMinute),
      exchangeFilters: [],
      assets: [],
      symbols: [...market.symbols.values()].map(symbolInfo)
    })
  )

export const endpoints: Readonly<Record<string, Endpoint>> = {
  "/fapi/v1/ping": { weight: always(1), parameters: [], answer: () => Result.succeed("{}") },
  "/fapi/v1/time": { weight: always(1), parameters: [], answer: time },
  "/fapi/v1/exchangeInfo": { weight: always(1), parameters: [], answer: exchangeInfo },
  "/fapi/v1/aggTrades": {
    weight: always(20),
    parameters: ["symbol", "fromId", "startTime", "endTime", "limit"],
    answer: aggregateTrades(aggregateRow, KEPT_MILLIS)
  },
  "/fapi/v1/klines": {
    weight: klineWeight,
    parameters: ["symbol", "interval", "startTime", "endTime", "limit"],
    answer: noSeconds
  },
  "/fapi/v1/ticker/24hr": {
    weight: (parameters) => (parameters.has("symbol") ? 1 : 40),
    parameters: ["symbol"],
    answer: dayTickers
  },
  "/fapi/v1/depth": { weight: depthWeight, parameters: ["symbol", "limit"], answer: depth }
}
