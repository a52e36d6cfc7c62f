/**
 * What was missed, from Binance's REST side: what has an id by it, closed candles by open time (`rest/sources`). A trouble that may
 * pass is waited out for about half a minute; what the exchange allows an address is `RestClient`'s to keep.
 */
import { Effect, Layer, Schedule, Semaphore } from "effect"
import type { MarketName } from "../schema/StreamKind.ts"
import type { StreamName } from "../schema/StreamName.ts"
import type { AppConfig } from "../services/AppConfig.ts"
import { HistoryError, MarketHistory, MOST_EVENTS, type Page } from "../services/MarketHistory.ts"
import * as Client from "./binance/rest/Client.ts"
import type { RestError } from "./binance/rest/RestError.ts"
import * as Silence from "./binance/rest/Silence.ts"
import * as spot from "./binance/rest/sources/spot.ts"
import type { Source, Sources } from "./binance/rest/sources/Source.ts"
import * as usdm from "./binance/rest/sources/usdm.ts"

/** Requests under way at once. */
const CONCURRENCY = 4

const patience = Schedule.min([
  Schedule.jittered(Schedule.exponential("500 millis")),
  Schedule.spaced("15 seconds")
]).pipe(Schedule.upTo({ times: 6 }))

/** By market, what has a history and how it is asked for. */
const sourcesOf: Readonly<Record<MarketName, Sources>> = { spot: spot.sources, usdm: usdm.sources }

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

  const sources = sourcesOf[client.market](ask)

  const serves = ({ kind, symbol }: StreamName): boolean =>
    symbol !== undefined && kind.market === client.market && Object.hasOwn(sources, kind.name)

  const sourceOf = (stream: StreamName): Effect.Effect<Source, HistoryError> => {
    const source = serves(stream) ? sources[stream.kind.name] : undefined
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
    serves,
    page: Effect.fnUntraced(function* (stream, from, limit): Effect.fn.Return<Page, HistoryError> {
      const source = yield* sourceOf(stream)
      const most = Math.max(1, Math.min(limit, MOST_EVENTS))
      const { goneBelow, rows } = yield* Effect.mapError(
        named(stream, source.page(stream, from, most)),
        toHistoryError(stream)
      )
      const wanted = rows.filter(({ span }) => span.first >= from).slice(0, most)
      return {
        events: wanted.filter(({ isVoid }) => !isVoid).map(({ event }) => event),
        voids: wanted.filter(({ isVoid }) => isVoid).map(({ span }) => span.first),
        ...(goneBelow !== undefined && { goneBelow })
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
