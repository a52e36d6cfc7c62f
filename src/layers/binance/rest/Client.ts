/**
 * Asks Binance's REST side: each host of `BINANCE_REST_URL` in turn until one answers, within one budget of request weight for
 * all that asks. https://developers.binance.com/docs/binance-spot-api-docs/rest-api
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Array as Arr, Context, DateTime, Effect, Layer, Metric, Option, Result } from "effect"
import { HttpClient, type HttpClientResponse } from "effect/http"
import type { MarketName } from "../../../schema/StreamKind.ts"
import { AppConfig } from "../../../services/AppConfig.ts"
import * as Telemetry from "../../../services/Telemetry.ts"
import { agentFor } from "../proxy.ts"
import { apis } from "./apis.ts"
import * as Budget from "./Budget.ts"
import * as Report from "./Report.ts"
import { broken, type Failure, graver, late, malformed, misunderstood, refusal, type RestError } from "./RestError.ts"

const TIMEOUT_SECONDS = 10

/** What an answer holds. */
export interface Answer {
  readonly body: unknown
  /** The server's own clock, Unix ms in whole seconds; `None` where the answer does not say. */
  readonly serverTime: Option.Option<number>
}

/** Those that are `undefined` are left out. */
export type Parameters = Readonly<Record<string, string | number | undefined>>

export interface Question<A> {
  /** Its name, without the market's path before it: `klines`. */
  readonly endpoint: string
  readonly parameters: Parameters
  /** What it costs of the address's weight. */
  readonly weight: number
  /** Parses the answer; the failure says what is wrong with it. */
  readonly read: (answer: Answer) => Effect.Effect<A, string>
}

export class RestClient extends Context.Service<
  RestClient,
  {
    /** Whose REST side it is. */
    readonly market: MarketName
    /** Asks each host once at most. */
    readonly ask: <A>(question: Question<A>) => Effect.Effect<A, RestError>
    /** The exchange has said what weight it allows an address in a minute. */
    readonly allow: (weightPerMinute: number) => void
  }
>()("binance-kafka/layers/binance/rest/Client") {}

interface Host {
  readonly where: string
  /** Before the name of every endpoint, after what the address itself has. */
  readonly path: string
  readonly base: URL
  readonly http: HttpClient.HttpClient
}

const makeHost = Effect.fnUntraced(function* (base: URL, path: string) {
  const proxy = agentFor(base)
  const agent =
    proxy === undefined ? yield* NodeHttpClient.makeAgent({ keepAlive: true }) : { http: proxy, https: proxy }
  const http = yield* Effect.provideService(NodeHttpClient.makeNodeHttp, NodeHttpClient.HttpAgent, agent)
  const host: Host = { where: `BINANCE_REST_URL=${base.origin}`, path, base, http }
  return host
})

const wholeNumber = (text: string): Option.Option<number> =>
  /^\d{1,9}$/.test(text) ? Option.some(Number(text)) : Option.none()

/** All of an answer that counts. */
const received = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.text, (text) => {
    const header = (name: string) => Option.fromNullishOr(response.headers[name])
    return {
      status: response.status,
      text,
      usedWeight: Option.flatMap(header("x-mbx-used-weight-1m"), wholeNumber),
      retryAfter: Option.flatMap(header("retry-after"), wholeNumber),
      serverTime: Option.map(Option.flatMap(header("date"), DateTime.make), DateTime.toEpochMillis)
    }
  })

type Received = Effect.Success<ReturnType<typeof received>>

const parse = (text: string): Option.Option<unknown> => Result.getSuccess(Result.try((): unknown => JSON.parse(text)))

type Outcome = Failure | "ok"

const requests = (endpoint: string, outcome: Outcome) =>
  Metric.withAttributes(Telemetry.restRequests, { endpoint, outcome })

const counted = ({ endpoint }: Question<unknown>, outcome: Outcome) => Metric.update(requests(endpoint, outcome), 1)

/** Listed before it happens: the first pause that the exchange asks for has to be a step that an alert can see. */
const listed = ({ endpoint }: Question<unknown>) => Metric.value(requests(endpoint, "throttled"))

/** What an answer comes to. */
const verdict = <A>(
  { path: root, where }: Host,
  { endpoint, read }: Question<A>,
  { serverTime, status, text }: Received
): Effect.Effect<A, RestError> => {
  const path = `${root}/${endpoint}`
  const body = parse(text)
  if (status !== 200) return Effect.fail(refusal(where, path, status, Option.getOrUndefined(body)))
  return Option.match(body, {
    onNone: () => Effect.fail(misunderstood(where, text)),
    onSome: (body) => Effect.mapError(read({ body, serverTime }), (reason) => malformed(where, reason))
  })
}

const make = Effect.gen(function* () {
  const { market, restUrls, restWeightShare, wsUrls } = (yield* AppConfig).binance
  const { path, weightPerMinute } = apis[market.name]
  const hosts = yield* Effect.forEach(restUrls, (url) => makeHost(url, path))
  const budget = Budget.make(restWeightShare, weightPerMinute)
  const report = yield* Report.make
  // What is fetched has to carry the same times as what is streamed.
  const headers =
    wsUrls[0].searchParams.get("timeUnit")?.toUpperCase() === "MICROSECOND" ? { "X-MBX-TIME-UNIT": "MICROSECOND" } : {}

  const get = ({ base, http, path, where }: Host, { endpoint, parameters }: Question<unknown>) =>
    http
      .get(new URL(`${base.pathname.replace(/\/$/, "")}${path}/${endpoint}`, base), { urlParams: parameters, headers })
      .pipe(
        Effect.flatMap(received),
        Effect.mapError((error) => broken(where, error)),
        Effect.timeoutOrElse({
          duration: `${TIMEOUT_SECONDS} seconds`,
          orElse: () => Effect.fail(late(where, TIMEOUT_SECONDS))
        }),
        // The exchange has no use for our trace ids.
        Effect.provideService(HttpClient.TracerPropagationEnabled, false)
      )

  const askHost = <A>(host: Host, question: Question<A>): Effect.Effect<A, RestError> =>
    Effect.gen(function* () {
      yield* listed(question)
      const answer = yield* budget.spend(question.weight, get(host, question))
      report.used(answer.usedWeight)
      if (answer.status === 429 || answer.status === 418) yield* budget.pause(answer.status, answer.retryAfter)
      return yield* verdict(host, question, answer)
    }).pipe(
      Effect.tap(() => counted(question, "ok")),
      Effect.tapError(({ kind }) => counted(question, kind))
    )

  const askFrom = <A>(
    [host, ...others]: Arr.NonEmptyReadonlyArray<Host>,
    question: Question<A>
  ): Effect.Effect<A, RestError> => {
    const asked = askHost(host, question)
    if (!Arr.isReadonlyArrayNonEmpty(others)) return asked
    return Effect.catchIf(
      asked,
      ({ kind }) => kind !== "rejected" && kind !== "throttled",
      (error) => Effect.mapError(askFrom(others, question), (later) => graver(error, later))
    )
  }

  return RestClient.of({
    market: market.name,
    ask: (question) =>
      askFrom(hosts, question).pipe(
        Effect.tap(() => Effect.sync(report.answered)),
        Effect.tapError((error) => Effect.sync(() => report.failed(error)))
      ),
    allow: budget.allow
  })
})

/** One for all that asks: the weight is the address's. */
export const layer: Layer.Layer<RestClient, never, AppConfig> = Layer.effect(RestClient, make)
