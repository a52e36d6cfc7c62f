/**
 * What was missed, from Binance's REST side: trades and aggregate trades by id, closed candles by open time. A trouble that may
 * pass is waited out for about half a minute; what the exchange allows an address is `RestClient`'s to keep.
 */
import { Array as Arr, Effect, Layer, Option, Result, Schedule, Semaphore } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import type { AppConfig } from "../services/AppConfig.ts"
import { HistoryError, MarketHistory, MOST_EVENTS, type Page } from "../services/MarketHistory.ts"
import * as Client from "./binance/rest/Client.ts"
import { RestError } from "./binance/rest/RestError.ts"
import * as Silence from "./binance/rest/Silence.ts"
import { aggregates, candles, intervalOf, newestIds as readNewestIds, type Row, trades } from "./binance/rest/rows.ts"

/** Requests under way at once. */
const CONCURRENCY = 4

const patience = Schedule.min([
  Schedule.jittered(Schedule.exponential("500 millis")),
  Schedule.spaced("15 seconds")
]).pipe(Schedule.upTo({ times: 6 }))

/** A candle may still change for a moment after its end; the server's own time has no fractions. */
const SETTLED_AFTER_MS = 2000
/** Of candles of a second the open one and three that have just ended do not count. */
const ROWS_WITH_SETTLED = 5

/** How a kind of stream is asked for. */
interface Source {
  readonly page: (stream: StreamName, from: number, limit: number) => Effect.Effect<ReadonlyArray<Row>, RestError>
  readonly newest: (stream: StreamName) => Effect.Effect<Option.Option<number>, RestError>
}

const closed = (rows: ReadonlyArray<Row>, serverTime: Option.Option<number>): ReadonlyArray<Row> =>
  Option.match(serverTime, {
    // The last one may be the one that still grows.
    onNone: () => rows.slice(0, -1),
    onSome: (now) => rows.filter(({ span }) => span.last < now - SETTLED_AFTER_MS)
  })

const make = Effect.gen(function* () {
  const client = yield* Client.RestClient
  const silence = Silence.make()
  const slots = yield* Semaphore.make(CONCURRENCY)

  const ask = <A>(question: Client.Question<A>): Effect.Effect<A, RestError> =>
    silence
      .watch(client.ask(question))
      .pipe(
        Semaphore.withPermits(slots, 1),
        Effect.retry({ schedule: patience, while: ({ isTransient }) => isTransient })
      )

  const askTrades = (endpoint: string, stream: StreamName, parameters: Client.Parameters) =>
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

  const closedCandles = (stream: StreamName, parameters: Client.Parameters) =>
    ask({
      endpoint: "klines",
      weight: 2,
      parameters: { symbol: stream.symbol, ...intervalOf(stream), ...parameters },
      read: ({ body, serverTime }) => Result.map(candles(body, stream), (rows) => closed(rows, serverTime))
    })

  const sources: Readonly<Record<string, Source>> = {
    trade: {
      page: (stream, from, limit) =>
        askTrades("historicalTrades", stream, { fromId: from, limit }).pipe(
          Effect.catchIf(
            ({ kind }) => kind === "missing",
            () => recentTrades(stream, from)
          )
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
          read: ({ body }) => aggregates(body, stream)
        }),
      newest: (stream) =>
        Effect.map(
          newestIds(stream),
          Option.map(({ a }) => a)
        )
    },
    kline: {
      // One more, for the one that may be open.
      page: (stream, from, limit) =>
        closedCandles(stream, { startTime: from, limit: Math.min(limit + 1, MOST_EVENTS) }),
      newest: (stream) =>
        Effect.map(closedCandles(stream, { limit: ROWS_WITH_SETTLED }), (rows) =>
          Option.map(Arr.last(rows), ({ span }) => span.last)
        )
    }
  }

  const sourceOf = (stream: StreamName): Effect.Effect<Source, HistoryError> => {
    const source = stream.symbol === undefined ? undefined : sources[stream.kind.name]
    return source === undefined
      ? Effect.fail(
          new HistoryError({ message: `${stream.name} has no history: only trades and closed candles have one` })
        )
      : Effect.succeed(source)
  }

  const toHistoryError = (stream: StreamName) => (error: RestError) =>
    new HistoryError({
      message: `The history of ${stream.name}: ${error.message}`,
      isRefusal: error.kind === "rejected",
      cause: error.cause
    })

  const named = <A>({ name }: StreamName, asked: Effect.Effect<A, RestError>) =>
    Effect.annotateLogs(asked, { stream: name })

  return MarketHistory.of({
    serves: ({ kind, symbol }) => symbol !== undefined && Object.hasOwn(sources, kind.name),
    page: Effect.fnUntraced(function* (stream, from, limit): Effect.fn.Return<Page, HistoryError> {
      const source = yield* sourceOf(stream)
      const most = Math.max(1, Math.min(limit, MOST_EVENTS))
      const rows = yield* Effect.mapError(named(stream, source.page(stream, from, most)), toHistoryError(stream))
      const wanted = rows.filter(({ span }) => span.first >= from).slice(0, most)
      return {
        events: wanted.filter(({ isVoid }) => !isVoid).map(({ event }) => event),
        voids: wanted.filter(({ isVoid }) => isVoid).map(({ span }) => span.first)
      }
    }),
    newest: Effect.fnUntraced(function* (stream) {
      const source = yield* sourceOf(stream)
      return yield* Effect.mapError(named(stream, source.newest(stream)), toHistoryError(stream))
    })
  })
})

/** Over a `RestClient`. */
export const layerNoClient: Layer.Layer<MarketHistory, never, Client.RestClient> = Layer.effect(MarketHistory, make)

export const layer: Layer.Layer<MarketHistory, never, AppConfig> = Layer.provide(layerNoClient, Client.layer)
