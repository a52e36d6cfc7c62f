/** Binance's REST side: which symbols there are. What was missed is `BinanceHistory`'s; both share one `RestClient`. */
import { Effect, Layer, Schema } from "effect"
import type { AppConfig } from "../services/AppConfig.ts"
import { ExchangeInfo, ExchangeInfoError, type Listing } from "../services/ExchangeInfo.ts"
import { apis } from "./binance/rest/apis.ts"
import * as Client from "./binance/rest/Client.ts"
import { DOUBT, type RestError } from "./binance/rest/RestError.ts"

/** Asked for one by one at most; each costs as much of the IP's weight as the whole list. */
const MOST_SINGLE_REQUESTS = 20
/** What a URL holds with ease. */
const MOST_SYMBOLS_IN_URL = 300

/** "Invalid symbol." and "Illegal characters found in parameter 'symbols'": one of those asked for is not there. */
const UNKNOWN_SYMBOL_CODES = new Set<number | undefined>([-1121, -1100])

const Known = Schema.Struct({
  symbols: Schema.Array(
    Schema.Struct({
      symbol: Schema.String,
      status: Schema.optionalKey(Schema.String),
      quoteAsset: Schema.optionalKey(Schema.String)
    })
  ),
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

const Turnovers = Schema.Array(Schema.Struct({ symbol: Schema.String, quoteVolume: Schema.String }))
const decodeTurnovers = Schema.decodeUnknownOption(Turnovers)

type Listed = ReadonlyMap<string, (typeof Known.Type)["symbols"][number]>

const toInfoError = ({ cause, message }: RestError) => new ExchangeInfoError({ message, cause })

const make = Effect.gen(function* () {
  const client = yield* Client.RestClient
  const { takesSymbols, weight } = apis[client.market].exchangeInfo

  const learn = ({ rateLimits = [] }: typeof Known.Type) => {
    const limit = rateLimits.find(
      ({ interval, intervalNum, rateLimitType }) =>
        rateLimitType === "REQUEST_WEIGHT" && interval === "MINUTE" && intervalNum === 1
    )
    if (limit !== undefined) client.allow(limit.limit)
  }

  /** What is said of the symbols that are there, of those named or of all; `undefined` if one of those named is not. */
  const ask = (symbols?: ReadonlyArray<string>): Effect.Effect<Listed | undefined, ExchangeInfoError> => {
    const named = symbols && { symbols: JSON.stringify(symbols) }
    const known = client.ask({
      endpoint: "exchangeInfo",
      parameters: takesSymbols ? { ...named, showPermissionSets: "false" } : {},
      weight,
      read: ({ body }) => Effect.fromOption(decode(body), () => DOUBT)
    })
    return Effect.map(known, (answer): Listed | undefined => {
      learn(answer)
      return new Map(answer.symbols.map((one) => [one.symbol, one]))
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
    const known = takesSymbols && symbols.length <= MOST_SYMBOLS_IN_URL ? yield* ask(symbols) : undefined
    if (known !== undefined) return symbols.filter((symbol) => !known.has(symbol))
    if (takesSymbols && symbols.length === 1) return symbols
    if (takesSymbols && symbols.length <= MOST_SINGLE_REQUESTS) {
      const unknown = yield* Effect.forEach(symbols, (symbol) => unknownSymbols([symbol]), { concurrency: 4 })
      return unknown.flat()
    }
    const all = yield* ask()
    return symbols.filter((symbol) => all?.has(symbol) !== true)
  })

  const statuses = Effect.fnUntraced(function* (
    symbols: ReadonlyArray<string>
  ): Effect.fn.Return<ReadonlyMap<string, string>, ExchangeInfoError> {
    if (symbols.length === 0) return new Map()
    const named = takesSymbols && symbols.length <= MOST_SYMBOLS_IN_URL ? yield* ask(symbols) : undefined
    // One that is not there spoils the answer for all.
    const all = named ?? (yield* ask())
    const found = new Map<string, string>()
    for (const symbol of symbols) {
      const status = all?.get(symbol)?.status
      if (status !== undefined) found.set(symbol, status)
    }
    return found
  })

  const listings = Effect.map(ask(), (all) =>
    Array.from(all?.values() ?? [], ({ quoteAsset = "", status = "", symbol }): Listing => ({
      symbol,
      status,
      quoteAsset
    }))
  )

  const turnovers = client
    .ask({
      endpoint: "ticker/24hr",
      ...apis[client.market].turnovers,
      read: ({ body }) => Effect.fromOption(decodeTurnovers(body), () => DOUBT)
    })
    .pipe(
      Effect.map((rows) => new Map(rows.map(({ quoteVolume, symbol }) => [symbol, Number(quoteVolume) || 0]))),
      Effect.mapError(toInfoError)
    )

  return ExchangeInfo.of({ unknownSymbols, statuses, listings, turnovers })
})

/** Over a `RestClient`. */
export const layerNoClient: Layer.Layer<ExchangeInfo, never, Client.RestClient> = Layer.effect(ExchangeInfo, make)

export const layer: Layer.Layer<ExchangeInfo, never, AppConfig> = Layer.provide(layerNoClient, Client.layer)
