/** An exchange that knows exactly these symbols, for tests and for programs without one. */
import { Effect, Layer } from "effect"
import { ExchangeInfo } from "../services/ExchangeInfo.ts"

export const layer = (known: Iterable<string>): Layer.Layer<ExchangeInfo> => {
  const symbols = new Set(known)
  return Layer.succeed(ExchangeInfo, {
    unknownSymbols: (asked) => Effect.succeed([...new Set(asked)].filter((symbol) => !symbols.has(symbol)))
  })
}
