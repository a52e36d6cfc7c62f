/** Whether the exchange can be reached, what time it has there, and whether it trades the symbols. */
import { Array as Arr, Clock, Duration, Effect, Layer, Predicate, Schema } from "effect"
import { open } from "../layers/binance/socket.ts"
import * as Client from "../layers/binance/rest/Client.ts"
import { DOUBT } from "../layers/binance/rest/RestError.ts"
import * as BinanceRest from "../layers/BinanceRest.ts"
import { idleFault, select } from "../layers/streams/resolve.ts"
import { addressOf } from "../pipeline/Subscriptions.ts"
import { toMillis } from "../schema/Primitives.ts"
import type { Settings } from "../schema/Settings.ts"
import type { Wanted } from "../schema/StreamPattern.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { ExchangeInfo } from "../services/ExchangeInfo.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, skipped, warning } from "./Finding.ts"

/** Latencies that are told are off by so much. */
const SKEW_NOTABLE_MS = 1000
/** Beyond it the ingestion times of the records are of no use. */
const SKEW_BAD_MS = 10_000

/** What serves the streams of the settings, at each of the addresses. */
const addressesOf = ({ streams, wsUrls }: Settings["binance"]): ReadonlyArray<URL> => {
  const routes = new Set(streams.map(({ kind }) => kind.route))
  return wsUrls.flatMap((url) => Array.from(routes, (route) => addressOf(url, route)))
}

/** Its path too, where that is not the only one. */
const shortName = ({ origin, pathname }: URL): string => (pathname === "/stream" ? origin : `${origin}${pathname}`)

export const socket = ({ binance }: Settings): Check => ({
  subject: "socket",
  variables: ["BINANCE_MARKET", "BINANCE_WS_URL", "WS_CONNECTION_TIMEOUT", "FEED"],
  findings: Effect.forEach(
    addressesOf(binance),
    (url) =>
      open(url.href, binance.connectionTimeout, () => {}).pipe(
        Effect.scoped,
        Effect.timed,
        Effect.match({
          onSuccess: ([took]) => ok("socket", `${shortName(url)} opened in ${Math.round(Duration.toMillis(took))} ms`),
          onFailure: ({ message }) =>
            failed(
              "socket",
              `BINANCE_WS_URL=${url.origin}${url.pathname} cannot be opened: ${message}; look at the address, the firewall, the proxy`
            )
        })
      ),
    { concurrency: "unbounded" }
  )
})

const isTime = Schema.is(Schema.Struct({ serverTime: Schema.Int }))

/** The exchange's clock, Unix ms. */
const askTime = Client.RestClient.use(({ ask }) =>
  ask({
    endpoint: "time",
    parameters: {},
    weight: 1,
    read: ({ body }) => (isTime(body) ? Effect.succeed(toMillis(body.serverTime)) : Effect.fail(DOUBT))
  })
)

const seconds = (millis: number): string => `${(Math.abs(millis) / 1000).toFixed(1)} s`

/** `skew`: how far the exchange's clock is ahead of ours; `doubt`: by how much that may be wrong, ms. */
export const clockFinding = (skew: number, doubt: number): Finding => {
  const off = Math.abs(skew) - doubt
  const says = `this machine's clock is ${seconds(skew)} ${skew > 0 ? "behind" : "ahead of"} the exchange's`
  const advice = "synchronise it (NTP, chrony)"
  if (off > SKEW_BAD_MS) return failed("clock", `${says}: ${advice}; the records' ingestion times would be wrong`)
  if (off > SKEW_NOTABLE_MS) return warning("clock", `${says}: ${advice}; latencies that are shown are off by it`)
  return ok("clock", `${says}, give or take ${seconds(doubt)}`)
}

/** One REST address: whether it answers, and the time there. */
const restFindings = (settings: Settings) =>
  Effect.fnUntraced(function* (url: URL): Effect.fn.Return<ReadonlyArray<Finding>> {
    const one = { ...settings, binance: { ...settings.binance, restUrls: Arr.of(url) } }
    const asked = yield* Clock.currentTimeMillis
    return yield* askTime.pipe(
      Effect.provide(Layer.provide(Client.layer, Layer.succeed(AppConfig, one))),
      Effect.flatMap((theirs) =>
        Effect.map(Clock.currentTimeMillis, (answered) => {
          const half = (answered - asked) / 2
          return [
            ok("rest", `${url.origin} answered in ${answered - asked} ms`),
            clockFinding(theirs - (asked + half), half)
          ]
        })
      ),
      Effect.catch((error) =>
        Effect.succeed([
          failed(
            "rest",
            `${error.message}; look at the address, the firewall, the proxy: without it gaps stay open, and symbols and clock cannot be checked`
          )
        ])
      )
    )
  })

const symbolsOf = ({ binance }: Settings): ReadonlyArray<string> => [
  ...new Set(binance.streams.map(({ symbol }) => symbol).filter(Predicate.isNotUndefined))
]

export const symbolFindings = Effect.fnUntraced(function* (symbols: ReadonlyArray<string>) {
  const exchange = yield* ExchangeInfo
  const unknown = yield* exchange.unknownSymbols(symbols)
  const known = symbols.filter((symbol) => !unknown.includes(symbol))
  const statuses = yield* exchange.statuses(known)
  const idle = known.flatMap((symbol) => {
    const status = statuses.get(symbol) ?? "TRADING"
    return status === "TRADING" ? [] : [{ symbol, status }]
  })
  const trading = known.length - idle.length
  return [
    ...(trading > 0 ? [ok("symbols", `${trading} of ${symbols.length} are trading`)] : []),
    ...unknown.map((symbol) =>
      failed(
        "symbols",
        `${symbol} does not exist at the exchange: correct BINANCE_STREAMS, its streams would stay silent`
      )
    ),
    ...idle.map(({ status, symbol }) =>
      warning("symbols", `${symbol} is not trading (${status}): its streams may be silent until it does`)
    )
  ]
})

/** What each pattern comes to. */
export const patternFindings = Effect.fnUntraced(function* (wanted: Wanted) {
  const { matches, streams } = yield* select(wanted)
  return [
    ...matches.flatMap(({ pattern, streams }): ReadonlyArray<Finding> => {
      if (streams.length === 0 && pattern._tag !== "Except") return [failed("symbols", idleFault(pattern))]
      return [
        ok("symbols", `${pattern.text} ${pattern._tag === "Except" ? "takes away" : "is"} ${streams.length} streams`)
      ]
    }),
    ok("symbols", `${streams.length} streams in all`)
  ]
})

/** REST, and what only REST knows: time and symbols. */
export const rest = (settings: Settings): Check => ({
  subject: "rest",
  variables: ["BINANCE_MARKET", "BINANCE_REST_URL", "BINANCE_STREAMS", "STREAMS_FILE", "REST_WEIGHT_SHARE", "FEED"],
  findings: Effect.gen(function* () {
    const perHost = yield* Effect.forEach(settings.binance.restUrls, restFindings(settings), {
      concurrency: "unbounded"
    })
    const found = perHost.flat()
    const symbols = symbolsOf(settings)
    const { patterns } = settings.binance
    if (symbols.length === 0 && patterns.length === 0) return found
    if (found.every(({ status }) => status === "failed")) {
      return [...found, skipped("symbols", "not looked at: REST does not answer")]
    }
    const ofSymbols = yield* Effect.all([
      symbols.length === 0 ? Effect.succeed([]) : symbolFindings(symbols),
      patterns.length === 0 ? Effect.succeed([]) : patternFindings(settings.binance)
    ]).pipe(
      Effect.map((all) => all.flat()),
      Effect.provide(Layer.provide(BinanceRest.layer, Layer.succeed(AppConfig, settings))),
      Effect.catch(({ message }) => Effect.succeed([failed("symbols", message)]))
    )
    return [...found, ...ofSymbols]
  })
})
