/** The REST side: weights, limits and faults around the endpoints. */
import { Result } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Agenda } from "./Agenda.ts"
import type { FaultSwitch, HttpAnswer, RestRequest, RestVerdict } from "./Faults.ts"
import type { Market } from "./Market.ts"
import type { Endpoint, Query } from "./restEndpoints.ts"
import { onlyKnown } from "./restParameters.ts"
import { Weights } from "./restWeights.ts"
import type { TimeUnit } from "./time.ts"

export interface RestLimits {
  /** Request weight of one address in a minute. */
  readonly weightPerMinute: number
  /** How many requests may ignore a 429 before the address is banned with 418. */
  readonly patience: number
  /** How far the database is behind the streams. */
  readonly lagMillis: number
}

export const defaultRestLimits = { patience: 10, lagMillis: 0 }

export class RestServer {
  readonly #endpoints: Readonly<Record<string, Endpoint>>
  readonly #market: Market
  readonly #agenda: Agenda
  readonly #faults: FaultSwitch
  readonly #limits: RestLimits
  readonly #now: () => number
  readonly #weights: Weights
  #requests = 0

  constructor(options: {
    readonly endpoints: Readonly<Record<string, Endpoint>>
    readonly market: Market
    readonly agenda: Agenda
    readonly faults: FaultSwitch
    readonly limits: RestLimits
    readonly now: () => number
  }) {
    this.#endpoints = options.endpoints
    this.#market = options.market
    this.#agenda = options.agenda
    this.#faults = options.faults
    this.#limits = options.limits
    this.#now = options.now
    this.#weights = new Weights(options.limits.weightPerMinute, options.limits.patience)
  }

  /** How many requests there have been. */
  get requests(): number {
    return this.#requests
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#requests += 1
    const url = URL.parse(request.url ?? "/", "http://localhost")
    const asked: RestRequest = {
      method: request.method ?? "GET",
      path: url?.pathname ?? "/",
      parameters: new Map(url?.searchParams ?? []),
      remoteAddress: request.socket.remoteAddress ?? ""
    }
    const verdict = this.#faults.current.onRest?.(asked) ?? {}
    const unit = request.headers["x-mbx-time-unit"]?.toString().toUpperCase() === "MICROSECOND" ? "us" : "ms"
    const respond = () =>
      send(response, this.#now(), verdict.answer ?? this.#answer(asked, unit, verdict), verdict.truncateAt)
    if (verdict.delayMillis === undefined) respond()
    else this.#agenda.at(this.#now() + verdict.delayMillis, respond)
  }

  #answer(asked: RestRequest, unit: TimeUnit, verdict: RestVerdict): HttpAnswer {
    const endpoint = asked.method === "GET" ? this.#endpoints[asked.path] : undefined
    if (endpoint === undefined) return { status: 404, body: "" }
    const now = this.#now()
    const spent = this.#weights.spend(asked.remoteAddress, endpoint.weight(asked.parameters), now)
    const headers = { "X-MBX-USED-WEIGHT": String(spent.used), "X-MBX-USED-WEIGHT-1M": String(spent.used) }
    if (spent.status !== 200) {
      return {
        status: spent.status,
        headers: { ...headers, "Retry-After": String(spent.retryAfter) },
        body: JSON.stringify({ code: -1003, msg: this.#tooMuch(spent.status, now + spent.retryAfter * 1000) })
      }
    }
    const query: Query = {
      market: this.#market,
      parameters: asked.parameters,
      unit,
      now: now * 1000,
      visibleUntil: (now - Math.max(this.#limits.lagMillis, verdict.lagMillis ?? 0)) * 1000 + 1,
      weightPerMinute: this.#limits.weightPerMinute
    }
    return Result.match(
      Result.flatMap(onlyKnown(asked.parameters, endpoint.parameters), () => endpoint.answer(query)),
      {
        onFailure: (error) => ({ status: 400, headers, body: error.body }),
        onSuccess: (body) => ({ status: 200, headers, body })
      }
    )
  }

  #tooMuch(status: 429 | 418, until: number): string {
    return status === 429
      ? `Too much request weight used; current limit is ${this.#limits.weightPerMinute} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`
      : `Way too much request weight used; IP banned until ${until}. Please use WebSocket Streams for live updates to avoid bans.`
  }
}

/** `now` is the exchange's clock, which the answer's date tells. */
const send = (response: ServerResponse, now: number, answer: HttpAnswer, truncateAt: number | undefined): void => {
  const body = Buffer.from(answer.body ?? "")
  response.writeHead(answer.status, {
    "Content-Type": "application/json;charset=UTF-8",
    "Content-Length": String(body.length),
    Date: new Date(now).toUTCString(),
    ...answer.headers
  })
  if (truncateAt === undefined) response.end(body)
  else response.write(body.subarray(0, truncateAt), () => response.destroy())
}
