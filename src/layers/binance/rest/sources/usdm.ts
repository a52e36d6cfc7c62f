/**
 * The past of USD-M futures: aggregate trades by id, as far back as the exchange tells them (24 hours); closed candles by open time.
 * Single trades are to be had with an API key only.
 */
import { Effect, Option } from "effect"
import type { StreamName } from "../../../../schema/StreamName.ts"
import { MOST_EVENTS } from "../../../../services/MarketHistory.ts"
import type { Parameters } from "../Client.ts"
import type { RestError } from "../RestError.ts"
import { newestIds, type Row, usdmAggregates } from "../rows.ts"
import { candleSource, type Rows, type Sources } from "./Source.ts"

const WEIGHT = 20
const candleWeight = (limit: number): number => (limit < 100 ? 1 : limit < 500 ? 2 : limit <= MOST_EVENTS ? 5 : 10)

export const sources: Sources = (ask) => {
  const askAggregates = (stream: StreamName, parameters: Parameters): Effect.Effect<ReadonlyArray<Row>, RestError> =>
    ask({
      endpoint: "aggTrades",
      weight: WEIGHT,
      parameters: { symbol: stream.symbol, ...parameters },
      read: ({ body }) => usdmAggregates(body, stream)
    })

  const newest = ({ symbol }: StreamName): Effect.Effect<Option.Option<number>, RestError> =>
    Effect.map(
      ask({
        endpoint: "aggTrades",
        weight: WEIGHT,
        parameters: { symbol, limit: 1 },
        read: ({ body }) => newestIds(body)
      }),
      Option.map(({ a }) => a)
    )

  /**
   * Where ids are missing in front, the one before them tells whether they were ever given: it was there once. Where nothing at
   * all is told though there are newer ones, they may have been.
   */
  const page = Effect.fnUntraced(function* (
    stream: StreamName,
    from: number,
    limit: number
  ): Effect.fn.Return<Rows, RestError> {
    let rows = yield* askAggregates(stream, { fromId: from, limit })
    if (rows.length === 0 && Option.exists(yield* newest(stream), (id) => id >= from)) {
      // They may have come to be between the two questions.
      rows = yield* askAggregates(stream, { fromId: from, limit })
      if (rows.length === 0) return { rows, goneBelow: from + limit }
    }
    const [first] = rows
    if (first === undefined || first.span.first <= from || from === 0) return { rows }
    const [before] = yield* askAggregates(stream, { fromId: from - 1, limit: 1 })
    return before?.span.first === from - 1 ? { rows } : { rows, goneBelow: first.span.first }
  })

  return {
    aggTrade: {
      page,
      newest
    },
    kline: candleSource(ask, candleWeight)
  }
}
