/** An exchange that knows exactly these symbols, for tests and for programs without one. */
import { Effect, Layer } from "effect"
import { ExchangeInfo } from "../services/ExchangeInfo.ts"

/** All are `TRADING` but those that `statuses` names. */
export const layer = (
  known: Iterable<string>,
  statuses: Readonly<Record<string, string>> = {}
): Layer.Layer<ExchangeInfo> => {
  const symbols = new Set(known)
  const statusOf = (symbol: string) => statuses[symbol] ?? "TRADING"
  return Layer.succeed(ExchangeInfo, {
    unknownSymbols: (asked) => Effect.succeed([...new Set(asked)].filter((symbol) => !symbols.has(symbol))),
    statuses: (asked) =>
      Effect.succeed(
        new Map(asked.filter((symbol) => symbols.has(symbol)).map((symbol) => [symbol, statusOf(symbol)]))
      ),
    symbols: Effect.succeed(new Map(Array.from(symbols, (symbol) => [symbol, statusOf(symbol)])))
  })
}
