/** A history that is written by hand, for tests and for programs without an exchange. `MemoryPast` is its other side. */
import { Context, Effect, Layer, Option } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { HistoryError, MarketHistory, MOST_EVENTS, type Page, type PastEvent } from "../services/MarketHistory.ts"

/** What was asked for. */
export type Asked =
  | { readonly ask: "page"; readonly stream: string; readonly from: number; readonly limit: number }
  | { readonly ask: "newest"; readonly stream: string }

/** Streams are named as in `BINANCE_STREAMS`: `btcusdt@trade`. */
export class MemoryPast extends Context.Service<
  MemoryPast,
  {
    /** All that there is of a stream, and the ids in between that are given to nothing. */
    readonly set: (
      stream: string,
      events: ReadonlyArray<PastEvent>,
      voids?: ReadonlyArray<number>
    ) => Effect.Effect<void>
    /** The history lags: of a stream it does not show what reaches beyond this id; `undefined`: it shows all again. */
    readonly hideAbove: (stream: string, id: number | undefined) => Effect.Effect<void>
    /** The next so many asks fail, of whatever stream. */
    readonly failNext: (times: number, message?: string) => Effect.Effect<void>
    /** Every ask so far, those that failed too. */
    readonly asked: Effect.Effect<ReadonlyArray<Asked>>
  }
>()("binance-kafka/layers/MemoryHistory/MemoryPast") {}

interface Past extends Page {
  /** Shown up to here. */
  readonly until: number
}

const NOTHING: Past = { events: [], voids: [], until: Number.POSITIVE_INFINITY }

const KINDS = new Set(["trade", "aggTrade", "kline"])

const firstOf = ({ facts }: PastEvent): number => facts.span?.first ?? -1
const lastOf = ({ facts }: PastEvent): number => facts.span?.last ?? -1

const make = (): Context.Context<MarketHistory | MemoryPast> => {
  const pasts = new Map<string, Past>()
  const asks: Array<Asked> = []
  let failures = 0
  let failure = ""

  const pastOf = (stream: string): Past => pasts.get(stream) ?? NOTHING

  /** What an ask sees of a stream. */
  const look = (stream: StreamName, asked: Asked): Effect.Effect<Page, HistoryError> =>
    Effect.suspend(() => {
      asks.push(asked)
      if (failures > 0) {
        failures -= 1
        return Effect.fail(new HistoryError({ message: failure }))
      }
      const { events, until, voids } = pastOf(stream.name)
      return Effect.succeed({
        events: events.filter((event) => lastOf(event) <= until),
        voids: voids.filter((id) => id <= until)
      })
    })

  const history = MarketHistory.of({
    serves: ({ kind, symbol }) => symbol !== undefined && KINDS.has(kind.name),
    page: (stream, from, limit) =>
      Effect.map(look(stream, { ask: "page", stream: stream.name, from, limit }), ({ events, voids }) => {
        const most = Math.max(1, Math.min(limit, MOST_EVENTS))
        const ids = [...events.map(firstOf), ...voids].filter((id) => id >= from).toSorted((a, b) => a - b)
        const wanted = new Set(ids.slice(0, most))
        return {
          events: events.filter((event) => wanted.has(firstOf(event))),
          voids: voids.filter((id) => wanted.has(id))
        }
      }),
    newest: (stream) =>
      Effect.map(look(stream, { ask: "newest", stream: stream.name }), ({ events, voids }) => {
        const newest = Math.max(...events.slice(-1).map(lastOf), ...voids.slice(-1))
        return newest < 0 ? Option.none() : Option.some(newest)
      })
  })

  const past = MemoryPast.of({
    set: (stream, events, voids = []) =>
      Effect.sync(() => {
        pasts.set(stream, {
          ...pastOf(stream),
          events: events.toSorted((a, b) => firstOf(a) - firstOf(b)),
          voids: voids.toSorted((a, b) => a - b)
        })
      }),
    hideAbove: (stream, id = NOTHING.until) =>
      Effect.sync(() => {
        pasts.set(stream, { ...pastOf(stream), until: id })
      }),
    failNext: (times, message = "the history is told to fail") =>
      Effect.sync(() => {
        failures = times
        failure = message
      }),
    asked: Effect.sync(() => [...asks])
  })

  return Context.make(MarketHistory, history).pipe(Context.add(MemoryPast, past))
}

export const layer: Layer.Layer<MarketHistory | MemoryPast> = Layer.effectContext(Effect.sync(make))

/** No history: nothing that was missed can be fetched. */
export const none: Layer.Layer<MarketHistory> = Layer.succeed(
  MarketHistory,
  MarketHistory.of({
    serves: () => false,
    page: () => Effect.succeed({ events: [], voids: [] }),
    newest: () => Effect.succeedNone
  })
)
