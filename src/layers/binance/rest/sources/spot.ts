/** The spot market's past: trades and aggregate trades by id, closed candles by open time. */
import { Effect, Option } from "effect"
import type { StreamName } from "../../../../schema/StreamName.ts"
import { MOST_EVENTS } from "../../../../services/MarketHistory.ts"
import type { Parameters } from "../Client.ts"
import { RestError } from "../RestError.ts"
import { aggregates, newestIds as readNewestIds, trades } from "../rows.ts"
import { candleSource, type Sources } from "./Source.ts"

export const sources: Sources = (ask) => {
  const askTrades = (endpoint: string, stream: StreamName, parameters: Parameters) =>
    ask({
      endpoint,
      weight: 25,
      parameters: { symbol: stream.symbol, ...parameters },
      read: ({ body }) => trades(body, stream)
    })

  /** The newest trades, where no host has the older ones. */
  const recentTrades = Effect.fnUntraced(function* (stream: StreamName, from: number) {
    const rows = yield* askTrades("trades", stream, { limit: MOST_EVENTS })
    const [oldest] = rows
    if (oldest === undefined || oldest.span.first <= from || rows.length < MOST_EVENTS) return rows
    return yield* new RestError({
      kind: "missing",
      message: `BINANCE_REST_URL names no host with /api/v3/historicalTrades, and its newest ${MOST_EVENTS} trades begin at ${oldest.span.first}: add one that has it, such as https://api.binance.com`
    })
  })

  /** The newest trade's id is its aggregate's to tell, for a sixth of the weight. */
  const newestIds = ({ symbol }: StreamName) =>
    ask({
      endpoint: "aggTrades",
      weight: 4,
      parameters: { symbol, limit: 1 },
      read: ({ body }) => readNewestIds(body)
    })

  return {
    trade: {
      page: (stream, from, limit) =>
        askTrades("historicalTrades", stream, { fromId: from, limit }).pipe(
          Effect.catchIf(
            ({ kind }) => kind === "missing",
            () => recentTrades(stream, from)
          ),
          Effect.map((rows) => ({ rows }))
        ),
      newest: (stream) =>
        Effect.map(
          newestIds(stream),
          Option.flatMap(({ l }) => (l === -1 ? Option.none() : Option.some(l)))
        )
    },
    aggTrade: {
      page: (stream, from, limit) =>
        ask({
          endpoint: "aggTrades",
          weight: 4,
          parameters: { symbol: stream.symbol, fromId: from, limit },
          read: ({ body }) => Effect.map(aggregates(body, stream), (rows) => ({ rows }))
        }),
      newest: (stream) =>
        Effect.map(
          newestIds(stream),
          Option.map(({ a }) => a)
        )
    },
    kline: candleSource(ask, () => 2)
  }
}
