/** Binance's REST side: which symbols there are. What was missed is `BinanceHistory`'s; both share one `RestClient`. */
import { Effect, Layer, Result, Schema } from "effect"
import type { AppConfig } from "../services/AppConfig.ts"
import { ExchangeInfo, ExchangeInfoError } from "../services/ExchangeInfo.ts"
import * as Client from "./binance/rest/Client.ts"
import { DOUBT, type RestError } from "./binance/rest/RestError.ts"

/** What one request costs, for one symbol as for all. */
const WEIGHT = 20

/** Asked for one by one at most; each costs as much of the IP's weight as the whole list. */
const MOST_SINGLE_REQUESTS = 20
/** What a URL holds with ease. */
const MOST_SYMBOLS_IN_URL = 300

/** "Invalid symbol." and "Illegal characters found in parameter 'symbols'": one of those asked for is not there. */
const UNKNOWN_SYMBOL_CODES = new Set<number | undefined>([-1121, -1100])

const Known = Schema.Struct({
  symbols: Schema.Array(Schema.Struct({ symbol: Schema.String })),
  rateLimits: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        rateLimitType: Schema.String,
        interval: Schema.String,
        intervalNum: Schema.Int,
        limit: Schema.Int
      })
    )
  )
})
const decode = Schema.decodeUnknownOption(Known)

const toInfoError = ({ cause, message }: RestError) => new ExchangeInfoError({ message, cause })

const make = Effect.gen(function* () {
  const client = yield* Client.RestClient

  const learn = ({ rateLimits = [] }: typeof Known.Type) => {
    const limit = rateLimits.find(
      ({ interval, intervalNum, rateLimitType }) =>
        rateLimitType === "REQUEST_WEIGHT" && interval === "MINUTE" && intervalNum === 1
    )
    if (limit !== undefined) client.allow(limit.limit)
  }

  /** The symbols that are there, of those named or of all; `undefined` if one of those named is not. */
  const ask = (symbols?: ReadonlyArray<string>): Effect.Effect<ReadonlySet<string> | undefined, ExchangeInfoError> => {
    const named = symbols && { symbols: JSON.stringify(symbols) }
    const known = client.ask({
      endpoint: "exchangeInfo",
      parameters: { ...named, showPermissionSets: "false" },
      weight: WEIGHT,
      read: ({ body }) => Result.fromOption(decode(body), () => DOUBT)
    })
    return Effect.map(known, (answer): ReadonlySet<string> | undefined => {
      learn(answer)
      return new Set(answer.symbols.map(({ symbol }) => symbol))
    }).pipe(
      Effect.catch((error) =>
        named && UNKNOWN_SYMBOL_CODES.has(error.code) ? Effect.undefined : Effect.fail(toInfoError(error))
      )
    )
  }

  const unknownSymbols = Effect.fnUntraced(function* (
    symbols: ReadonlyArray<string>
  ): Effect.fn.Return<ReadonlyArray<string>, ExchangeInfoError> {
    if (symbols.length === 0) return []
    const known = symbols.length <= MOST_SYMBOLS_IN_URL ? yield* ask(symbols) : undefined
    if (known !== undefined) return symbols.filter((symbol) => !known.has(symbol))
    if (symbols.length === 1) return symbols
    if (symbols.length <= MOST_SINGLE_REQUESTS) {
      const unknown = yield* Effect.forEach(symbols, (symbol) => unknownSymbols([symbol]), { concurrency: 4 })
      return unknown.flat()
    }
    const all = yield* ask()
    return symbols.filter((symbol) => all?.has(symbol) !== true)
  })

  return ExchangeInfo.of({ unknownSymbols })
})

export const layer: Layer.Layer<ExchangeInfo, never, AppConfig> = Layer.effect(ExchangeInfo, make).pipe(
  Layer.provide(Client.layer)
)
