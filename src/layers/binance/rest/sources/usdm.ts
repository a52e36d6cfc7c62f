/**
 * The past of USD-M futures: aggregate trades by id, of the last 24 hours; closed candles by open time. Single trades are to be had
 * with an API key only.
 */
import { Effect, Option, Result } from "effect"
import { MOST_EVENTS } from "../../../../services/MarketHistory.ts"
import { RestError } from "../RestError.ts"
import { newestIds, type Row, usdmAggregates } from "../rows.ts"
import { candleSource, type Sources } from "./Source.ts"

const WEIGHT = 20

/** The exchange keeps 24 hours: what it shows as its first row at such an age may stand behind others that it has let go. */
const KEPT_MS = 23.5 * 3_600_000

const candleWeight = (limit: number): number => (limit < 100 ? 1 : limit < 500 ? 2 : limit <= MOST_EVENTS ? 5 : 10)

/** Whether the ids before the first row are those that are not kept any more, and not such as there never were. */
const isCutOff = (rows: ReadonlyArray<Row>, from: number, serverTime: Option.Option<number>): boolean => {
  const [first] = rows
  const at = first?.event.facts.eventTime
  return (
    first !== undefined &&
    first.span.first > from &&
    at !== undefined &&
    Option.exists(serverTime, (now) => at < now - KEPT_MS)
  )
}

export const sources: Sources = (ask) => ({
  aggTrade: {
    page: Effect.fnUntraced(function* (stream, from, limit) {
      const { rows, serverTime } = yield* ask({
        endpoint: "aggTrades",
        weight: WEIGHT,
        parameters: { symbol: stream.symbol, fromId: from, limit },
        read: ({ body, serverTime }) => Result.map(usdmAggregates(body, stream), (rows) => ({ rows, serverTime }))
      })
      if (!isCutOff(rows, from, serverTime)) return rows
      return yield* new RestError({
        kind: "rejected",
        message: `the exchange keeps aggregate trades of futures for 24 hours: those from ${from} to ${(rows[0]?.span.first ?? 0) - 1} are not there any more`
      })
    }),
    newest: ({ symbol }) =>
      Effect.map(
        ask({
          endpoint: "aggTrades",
          weight: WEIGHT,
          parameters: { symbol, limit: 1 },
          read: ({ body }) => newestIds(body)
        }),
        Option.map(({ a }) => a)
      )
  },
  kline: candleSource(ask, candleWeight)
})
