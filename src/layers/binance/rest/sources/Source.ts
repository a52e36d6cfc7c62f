/** How the past of one kind of stream is asked for. */
import { Array as Arr, Effect, Option } from "effect"
import type { StreamName } from "../../../../schema/StreamName.ts"
import { MOST_EVENTS } from "../../../../services/MarketHistory.ts"
import type { Question } from "../Client.ts"
import type { RestError } from "../RestError.ts"
import { candles, intervalOf, type Row } from "../rows.ts"

/** What there is from an id on. */
export interface Rows {
  readonly rows: ReadonlyArray<Row>
  /** Below it the exchange does not tell any more what there was. */
  readonly goneBelow?: number
}

export interface Source {
  readonly page: (stream: StreamName, from: number, limit: number) => Effect.Effect<Rows, RestError>
  readonly newest: (stream: StreamName) => Effect.Effect<Option.Option<number>, RestError>
}

export type Ask = <A>(question: Question<A>) => Effect.Effect<A, RestError>

/** By the name of the kind. */
export type Sources = (ask: Ask) => Readonly<Record<string, Source>>

/** A candle may still change for a moment after its end; the server's own time has no fractions. */
const SETTLED_AFTER_MS = 2000
/** Of candles of a second the open one and three that have just ended do not count. */
const ROWS_WITH_SETTLED = 5

const closed = (rows: ReadonlyArray<Row>, serverTime: Option.Option<number>): ReadonlyArray<Row> =>
  Option.match(serverTime, {
    // The last one may be the one that still grows.
    onNone: () => rows.slice(0, -1),
    onSome: (now) => rows.filter(({ span }) => span.last < now - SETTLED_AFTER_MS)
  })

/** Candles are asked for alike everywhere; what a page weighs is each market's own. */
export const candleSource = (ask: Ask, weightOf: (limit: number) => number): Source => {
  const closedCandles = (stream: StreamName, limit: number, startTime?: number) =>
    ask({
      endpoint: "klines",
      weight: weightOf(limit),
      parameters: { symbol: stream.symbol, ...intervalOf(stream), startTime, limit },
      read: ({ body, serverTime }) => Effect.map(candles(body, stream), (rows) => closed(rows, serverTime))
    })
  return {
    // One more, for the one that may be open.
    page: (stream, from, limit) =>
      Effect.map(closedCandles(stream, Math.min(limit + 1, MOST_EVENTS), from), (rows) => ({ rows })),
    newest: (stream) =>
      Effect.map(closedCandles(stream, ROWS_WITH_SETTLED), (rows) =>
        Option.map(Arr.last(rows), ({ span }) => span.last)
      )
  }
}
