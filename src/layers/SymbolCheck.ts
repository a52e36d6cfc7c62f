/**
 * Says which of the configured symbols the exchange does not know: nothing else would, for it acknowledges their streams.
 * It looks once, beside the program, and holds up nothing.
 */
import { Effect, Layer, Predicate } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import { Status } from "../services/Status.ts"
import { ExchangeInfo } from "../services/ExchangeInfo.ts"
import * as BinanceRest from "./BinanceRest.ts"

export const check: Effect.Effect<void, never, AppConfig | ExchangeInfo> = Effect.gen(function* () {
  const { streams } = (yield* AppConfig).binance
  const exchange = yield* ExchangeInfo
  const { trouble } = yield* Status
  const symbols = new Set(streams.map(({ symbol }) => symbol).filter(Predicate.isNotUndefined))
  for (const symbol of yield* exchange.unknownSymbols([...symbols])) {
    for (const { name, symbol: own } of streams) {
      if (own !== symbol) continue
      trouble({ subject: name, kind: "unknown symbol", text: "Binance does not know it: look at BINANCE_STREAMS" })
    }
    yield* Effect.logWarning(
      "Binance does not know this symbol: it acknowledges its streams and stays silent. Look at BINANCE_STREAMS"
    ).pipe(Effect.annotateLogs({ symbol }))
  }
}).pipe(
  Effect.catch((error) =>
    Effect.logInfo("The symbols are not checked").pipe(Effect.annotateLogs({ reason: error.message }))
  ),
  // A look beside the program: not even a bug in it may end more than itself, nor pass unseen.
  Effect.catchDefect((defect) =>
    Effect.logWarning("The check of symbols is broken").pipe(Effect.annotateLogs({ reason: String(defect) }))
  ),
  Effect.withSpan("check symbols", { root: true })
)

export const layer: Layer.Layer<never, never, AppConfig> = Layer.unwrap(
  Effect.map(AppConfig, ({ feed }) =>
    feed === "replay"
      ? Layer.empty
      : Layer.effectDiscard(Effect.forkScoped(check)).pipe(Layer.provide(BinanceRest.layer))
  )
)
