/**
 * What the exchange's history holds of a stream: what was missed can be fetched from it again. Layers: `BinanceHistory`,
 * `MemoryHistory`.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import type { EventFacts } from "../schema/StreamKind.ts"
import type { StreamName } from "../schema/StreamName.ts"

/** The history cannot be asked, or has answered with an error that patience did not heal. */
export class HistoryError extends Schema.TaggedError<HistoryError>()("HistoryError", {
  /** One line for the operator: what failed, and which setting to look at where that is known. */
  message: Schema.String,
  /** The exchange has answered: it does not take the question, as of a symbol that it does not know. */
  isRefusal: Schema.optionalKey(Schema.Boolean),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** One event of the past, its payload in the stream's own field names. */
export interface PastEvent {
  readonly json: string
  readonly facts: EventFacts
}

export interface Page {
  /** Ascending, each of its first id asked for or later; they may reach beyond what was wanted. */
  readonly events: ReadonlyArray<PastEvent>
  /** Ids that the exchange has given to nothing, and says so (rows with `f = -1`). Ascending, from the first id asked for. */
  readonly voids: ReadonlyArray<number>
  /** What lies between the first id asked for and this one the exchange does not tell any more: there may have been such. */
  readonly goneBelow?: number | undefined
}

/** The most events that one page holds. */
export const MOST_EVENTS = 1000

export class MarketHistory extends Context.Service<
  MarketHistory,
  {
    /** Whether a stream's events can be fetched again: trades, aggregate trades, closed candles. */
    readonly serves: (stream: StreamName) => boolean
    /**
     * What there is from an id on (candles: from an open time, Unix ms), at most `limit` events and at most `MOST_EVENTS`, voids
     * counted in. What the exchange shows is behind its streams: an event that is not there may still come.
     */
    readonly page: (stream: StreamName, from: number, limit: number) => Effect.Effect<Page, HistoryError>
    /**
     * The newest id that there is: of trades and aggregate trades their own, of candles the last closed one's close time
     * (Unix ms).
     */
    readonly newest: (stream: StreamName) => Effect.Effect<Option.Option<number>, HistoryError>
  }
>()("binance-kafka/services/MarketHistory") {}
