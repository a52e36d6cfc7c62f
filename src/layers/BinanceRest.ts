/** Binance's REST side: which symbols there are. https://developers.binance.com/docs/binance-spot-api-docs/rest-api */
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Layer, Predicate, Schema } from "effect"
import { HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"
import { AppConfig } from "../services/AppConfig.ts"
import { ExchangeInfo, ExchangeInfoError } from "../services/ExchangeInfo.ts"
import { agentFor } from "./binance/proxy.ts"

const TIMEOUT_SECONDS = 5

/** Asked for one by one at most; each costs as much of the IP's weight as the whole list. */
const MOST_SINGLE_REQUESTS = 20
/** What a URL holds with ease. */
const MOST_SYMBOLS_IN_URL = 300

/** "Invalid symbol." and "Illegal characters found in parameter 'symbols'": one of those asked for is not there. */
const UNKNOWN_SYMBOL_CODES = new Set([-1121, -1100])

const Known = Schema.Struct({
  symbols: Schema.Array(Schema.Struct({ symbol: Schema.String, status: Schema.optionalKey(Schema.String) }))
})
const Failure = Schema.Struct({ code: Schema.Int, msg: Schema.String })
const isKnown = Schema.is(Known)
const isFailure = Schema.is(Failure)

/** What an answer that is no list of symbols means to the operator. */
const STATUS_ADVICE: Readonly<Record<number, string>> = {
  403: "its firewall blocks this address",
  407: "the proxy that the environment names wants other credentials",
  418: "this address is banned for a while, after too many requests",
  429: "this address sends too many requests",
  451: "it does not serve this location; its public data is also at BINANCE_REST_URL=https://data-api.binance.vision"
}

const codeOf = (error: unknown): string | undefined =>
  Predicate.hasProperty(error, "code") && Predicate.isString(error.code) ? error.code : undefined

const unreachable = (where: string, error: HttpClientError.HttpClientError) =>
  new ExchangeInfoError({
    message: `${where} cannot be reached: ${codeOf(error.reason.cause) ?? error.reason.description ?? error.message}`,
    cause: error
  })

const late = (where: string) =>
  new ExchangeInfoError({ message: `${where} has not answered within ${TIMEOUT_SECONDS} s` })

const refused = (where: string, status: number, body: unknown): ExchangeInfoError => {
  const said = isFailure(body) ? ` (${body.code}: ${body.msg})` : ""
  const advice = STATUS_ADVICE[status] ?? "is it Binance's REST address?"
  return new ExchangeInfoError({ message: `${where} answered with status ${status}${said}: ${advice}` })
}

const bodyOf = (response: HttpClientResponse.HttpClientResponse) =>
  response.json.pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "DecodeError" || reason._tag === "EmptyBodyError",
      () => Effect.undefined
    )
  )

const make = Effect.gen(function* () {
  const { restUrl } = (yield* AppConfig).binance
  const client = yield* HttpClient.HttpClient
  const endpoint = new URL(`${restUrl.pathname.replace(/\/$/, "")}/api/v3/exchangeInfo`, restUrl)
  const where = `BINANCE_REST_URL=${restUrl.origin}`

  /** The symbols that are there and their status, of those named or of all; `undefined` if one of those named is not. */
  const ask = (symbols?: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const named = symbols && { symbols: JSON.stringify(symbols) }
      const response = yield* client.get(endpoint, { urlParams: { ...named, showPermissionSets: "false" } })
      const body = yield* bodyOf(response)
      if (response.status === 200 && isKnown(body))
        return new Map(body.symbols.map(({ status, symbol }) => [symbol, status]))
      if (named && isFailure(body) && UNKNOWN_SYMBOL_CODES.has(body.code)) return undefined
      return yield* refused(where, response.status, body)
    }).pipe(
      Effect.catchTag("HttpClientError", (error) => Effect.fail(unreachable(where, error))),
      Effect.timeoutOrElse({ duration: `${TIMEOUT_SECONDS} seconds`, orElse: () => Effect.fail(late(where)) })
    )

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

  const statuses = Effect.fnUntraced(function* (
    symbols: ReadonlyArray<string>
  ): Effect.fn.Return<ReadonlyMap<string, string>, ExchangeInfoError> {
    if (symbols.length === 0) return new Map()
    const named = symbols.length <= MOST_SYMBOLS_IN_URL ? yield* ask(symbols) : undefined
    // One that is not there spoils the answer for all.
    const all = named ?? (yield* ask()) ?? new Map<string, string | undefined>()
    const found = new Map<string, string>()
    for (const symbol of symbols) {
      const status = all.get(symbol)
      if (status !== undefined) found.set(symbol, status)
    }
    return found
  })

  return ExchangeInfo.of({ unknownSymbols, statuses })
})

const agent = Layer.effect(
  NodeHttpClient.HttpAgent,
  Effect.gen(function* () {
    const { restUrl } = (yield* AppConfig).binance
    const proxy = agentFor(restUrl)
    return proxy === undefined ? yield* NodeHttpClient.makeAgent() : { http: proxy, https: proxy }
  })
)

export const layer: Layer.Layer<ExchangeInfo, never, AppConfig> = Layer.effect(ExchangeInfo, make).pipe(
  Layer.provide(NodeHttpClient.layerNodeHttpNoAgent),
  Layer.provide(agent),
  // The exchange has no use for our trace ids.
  Layer.provide(Layer.succeed(HttpClient.TracerPropagationEnabled, false))
)
