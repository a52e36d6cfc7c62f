/** An exchange that knows exactly these symbols, for tests and for programs without one. */
import { Effect, Layer } from "effect"
import { ExchangeInfo, type Listing } from "../services/ExchangeInfo.ts"

/** What is not said of a symbol: it is `TRADING`, for USDT, and nothing of it was traded. */
export interface Facts {
  readonly status?: string
  readonly quoteAsset?: string
  readonly turnover?: number
}

/** By symbol; asked anew at every question. */
export const layerOf = (facts: () => Readonly<Record<string, Facts>>): Layer.Layer<ExchangeInfo> => {
  const listings = Effect.sync(() =>
    Object.entries(facts()).map(([symbol, { quoteAsset = "USDT", status = "TRADING" }]): Listing => ({
      symbol,
      status,
      quoteAsset
    }))
  )
  return Layer.succeed(ExchangeInfo, {
    unknownSymbols: (asked) =>
      Effect.map(listings, (all) => {
        const known = new Set(all.map(({ symbol }) => symbol))
        return [...new Set(asked)].filter((symbol) => !known.has(symbol))
      }),
    statuses: (asked) =>
      Effect.map(
        listings,
        (all) => new Map(all.flatMap(({ status, symbol }) => (asked.includes(symbol) ? [[symbol, status]] : [])))
      ),
    listings,
    turnovers: Effect.sync(
      () => new Map(Object.entries(facts()).map(([symbol, { turnover = 0 }]) => [symbol, turnover]))
    )
  })
}

/** All are `TRADING` but those that `statuses` names. */
export const layer = (
  known: Iterable<string>,
  statuses: Readonly<Record<string, string>> = {}
): Layer.Layer<ExchangeInfo> => {
  const facts = Object.fromEntries(
    Array.from(known, (symbol): readonly [string, Facts] => [symbol, { status: statuses[symbol] ?? "TRADING" }])
  )
  return layerOf(() => facts)
}
