/** Which streams a list asks for, by the symbols that the exchange has: the patterns of `schema/StreamPattern` resolved. */
import { Order, Result } from "effect"
import type { Market as Kinds } from "../schema/Market.ts"
import { parseStreamName, type StreamName } from "../schema/StreamName.ts"
import { excepts, fitsSymbol, type StreamPattern, type Wanted } from "../schema/StreamPattern.ts"
import type { Listing } from "../services/ExchangeInfo.ts"

/** What the exchange has. */
export interface Market {
  readonly listings: ReadonlyArray<Listing>
  /** By symbol: what was traded of it in 24 hours, in the asset that it is traded for. */
  readonly turnovers: ReadonlyMap<string, number>
}

export interface Match {
  readonly pattern: StreamPattern
  /** What it asks for; of an exception, what it takes away. */
  readonly streams: ReadonlyArray<StreamName>
}

export interface Selected {
  /** Each once: those named outright first, then those of the patterns in their order. */
  readonly streams: ReadonlyArray<StreamName>
  readonly matches: ReadonlyArray<Match>
}

/** Whether the market has to be known. */
export const needsMarket = ({ patterns }: Wanted): boolean => patterns.length > 0

export const needsTurnovers = ({ patterns }: Wanted): boolean => patterns.some(({ _tag }) => _tag === "Top")

/**
 * In these there is no market data at all; what is delisted is left in them, or not listed any more. `BREAK` is spot's, the
 * others are those of contracts.
 */
const SILENT: ReadonlySet<string> = new Set(["BREAK", "PENDING_TRADING", "SETTLING", "DELIVERED", "CLOSE"])
const isTraded = ({ status }: Listing): boolean => !SILENT.has(status)

const bySymbol = Order.mapInput(Order.String, ({ symbol }: Listing) => symbol)

const streamOf = ({ symbol }: Listing, suffix: string, market: Kinds): ReadonlyArray<StreamName> =>
  Result.match(parseStreamName(`${symbol}@${suffix}`, market), { onFailure: () => [], onSuccess: (stream) => [stream] })

const named = (streams: Iterable<StreamName>): Map<string, StreamName> =>
  new Map(Array.from(streams, (stream) => [stream.name, stream]))

export const select = ({ patterns, streams }: Wanted, { listings, turnovers }: Market): Selected => {
  const traded = listings.filter(isTraded).toSorted(bySymbol)
  const exceptions = patterns.filter((pattern) => pattern._tag === "Except")
  const isExcepted = (stream: StreamName): boolean => exceptions.some((exception) => excepts(exception, stream))
  const turnoverOf = ({ symbol }: Listing): number => turnovers.get(symbol) ?? 0

  const all = (pattern: Exclude<StreamPattern, { _tag: "Except" }>): ReadonlyArray<StreamName> => {
    const candidates =
      pattern._tag === "Every"
        ? traded.filter(({ symbol }) => fitsSymbol(pattern.symbols, symbol))
        : traded
            .filter(({ quoteAsset }) => quoteAsset.toUpperCase() === pattern.quote)
            .toSorted((a, b) => turnoverOf(b) - turnoverOf(a))
    return candidates.flatMap((listing) => streamOf(listing, pattern.suffix, pattern.market))
  }

  const asked = patterns.map((pattern) => ({ pattern, all: pattern._tag === "Except" ? [] : all(pattern) }))
  const candidates = [...named(asked.flatMap((one) => one.all)).values()]
  const matches = asked.map(({ all, pattern }): Match => {
    if (pattern._tag === "Except") {
      return { pattern, streams: candidates.filter((stream) => excepts(pattern, stream)) }
    }
    const left = all.filter((stream) => !isExcepted(stream))
    return { pattern, streams: pattern._tag === "Top" ? left.slice(0, pattern.count) : left }
  })
  const wanted = matches.flatMap((match) => (match.pattern._tag === "Except" ? [] : match.streams))
  return { streams: [...named([...streams, ...wanted]).values()], matches }
}

/** The patterns that ask for streams and get none. */
export const idle = ({ matches }: Selected): ReadonlyArray<StreamPattern> =>
  matches.flatMap(({ pattern, streams }) => (pattern._tag !== "Except" && streams.length === 0 ? [pattern] : []))
