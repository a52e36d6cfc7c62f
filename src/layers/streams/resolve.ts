/** Asks the exchange which streams a list comes to. */
import { Data, Effect, Result, Schedule } from "effect"
import * as Selection from "../../pipeline/Selection.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { StreamPattern, Wanted } from "../../schema/StreamPattern.ts"
import { ExchangeInfo, type ExchangeInfoError } from "../../services/ExchangeInfo.ts"

/** The list cannot be followed as it is; a line each. */
export class BadStreams extends Data.TaggedError("BadStreams")<{ readonly faults: ReadonlyArray<string> }> {
  override get message() {
    return this.faults.join("; ")
  }
}

export const idleFault = (pattern: StreamPattern): string =>
  pattern._tag === "Top"
    ? `${pattern.text}: nothing that is traded for ${pattern.quote} is left; \`streams --symbols\` lists the symbols`
    : `${pattern.text}: no symbol that is traded is left for it; \`streams --symbols\` lists the symbols`

/** What it comes to by the symbols that there are now; without patterns the exchange is not asked. */
export const select = Effect.fnUntraced(function* (
  wanted: Wanted
): Effect.fn.Return<Selection.Selected, ExchangeInfoError, ExchangeInfo> {
  if (!Selection.needsMarket(wanted)) return { streams: wanted.streams, matches: [] }
  const exchange = yield* ExchangeInfo
  const listings = yield* exchange.listings
  const turnovers = Selection.needsTurnovers(wanted) ? yield* exchange.turnovers : new Map<string, number>()
  return Selection.select(wanted, { listings, turnovers })
})

/** The same, held to what was meant: every pattern has to come to something, and `news` have to be symbols that there are. */
export const strictly = Effect.fnUntraced(function* (wanted: Wanted, news: ReadonlyArray<StreamName> = []) {
  const selected = yield* select(wanted)
  const symbols = [...new Set(news.flatMap(({ symbol }) => symbol ?? []))]
  const unknown = yield* Effect.result(Effect.flatMap(ExchangeInfo, (exchange) => exchange.unknownSymbols(symbols)))
  if (Result.isFailure(unknown)) {
    yield* Effect.logInfo("The symbols are not checked").pipe(Effect.annotateLogs({ reason: unknown.failure.message }))
  }
  const faults = [
    ...Selection.idle(selected).map(idleFault),
    ...(Result.isSuccess(unknown) ? unknown.success : []).map((symbol) => `Binance does not know the symbol ${symbol}`)
  ]
  return faults.length > 0 ? yield* new BadStreams({ faults }) : selected
})

const BETWEEN_TRIES = Schedule.jittered(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]))

/** Tries until the exchange answers, or so often; waits longer and longer in between. */
export const patiently = <A, R>(
  asked: Effect.Effect<A, BadStreams | ExchangeInfoError, R>,
  times?: number
): Effect.Effect<A, BadStreams | ExchangeInfoError, R> =>
  asked.pipe(
    Effect.tapError((error) =>
      error._tag === "BadStreams"
        ? Effect.void
        : Effect.logWarning("The exchange's list of symbols cannot be fetched").pipe(
            Effect.annotateLogs({ reason: error.message })
          )
    ),
    Effect.retry({
      while: ({ _tag }) => _tag === "ExchangeInfoError",
      schedule: BETWEEN_TRIES,
      ...(times === undefined ? {} : { times })
    })
  )
