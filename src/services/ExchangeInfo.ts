/** What the exchange's REST side says of its symbols. Layers: `BinanceRest`, `MemoryExchangeInfo`. */
import { Context, type Effect, Schema } from "effect"

export class ExchangeInfoError extends Schema.TaggedError<ExchangeInfoError>()("ExchangeInfoError", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface Listing {
  /** Upper-case. */
  readonly symbol: string
  /** Empty where the exchange does not say it, as below. */
  readonly status: string
  /** What it is traded for: USDT of BTCUSDT. */
  readonly quoteAsset: string
}

export class ExchangeInfo extends Context.Service<
  ExchangeInfo,
  {
    /** Those of the symbols (upper-case) that the exchange does not know: it acknowledges their streams and stays silent. */
    readonly unknownSymbols: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, ExchangeInfoError>
    /**
     * The trading status of each of the symbols, as the exchange writes it: `TRADING`, `BREAK` (no market data), `CANCEL_ONLY`
     * (all but candles), `HALT` and more. Symbols that it does not know are left out.
     */
    readonly statuses: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, string>, ExchangeInfoError>
    /** Every symbol that the exchange knows. */
    readonly listings: Effect.Effect<ReadonlyArray<Listing>, ExchangeInfoError>
    /** What was traded of each symbol in 24 hours, in the asset that it is traded for. */
    readonly turnovers: Effect.Effect<ReadonlyMap<string, number>, ExchangeInfoError>
  }
>()("binance-kafka/services/ExchangeInfo") {}
