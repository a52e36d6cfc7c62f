/** Why the exchange's REST side has not answered as it should, and what that means to the operator. */
import { Data, Predicate, Schema } from "effect"
import type { HttpClientError } from "effect/http"

/**
 * - `missing`: this host has no such endpoint.
 * - `refused`: this host does not serve this address, or not by this proxy.
 * - `rejected`: the exchange does not take the question.
 * - `throttled`: too much was asked.
 * - `failed`: no answer, half an answer, or the exchange's own trouble.
 * - `malformed`: an answer that is not understood.
 */
export type Failure = "missing" | "refused" | "rejected" | "throttled" | "failed" | "malformed"

export class RestError extends Data.TaggedError("RestError")<{
  readonly kind: Failure
  readonly message: string
  /** The exchange's own number of the error. */
  readonly code?: number
  readonly cause?: unknown
}> {
  /** Asked again, it may go well. */
  get isTransient(): boolean {
    return this.kind === "throttled" || this.kind === "failed" || this.kind === "malformed"
  }
}

/** Of what several hosts have said, the later in this list counts: what may heal before what does not. */
const WEIGHT: ReadonlyArray<Failure> = ["refused", "missing", "malformed", "failed", "rejected", "throttled"]

export const graver = (first: RestError, second: RestError): RestError =>
  WEIGHT.indexOf(second.kind) > WEIGHT.indexOf(first.kind) ? second : first

/** What an answer that is none means to the operator. */
const ADVICE: Readonly<Record<number, string>> = {
  403: "its firewall blocks this address",
  407: "the proxy that the environment names wants other credentials",
  418: "this address is banned for a while, after too many requests",
  429: "this address sends too many requests",
  451: "it does not serve this location; the public data of spot is also at BINANCE_REST_URL=https://data-api.binance.vision"
}

/** What to ask oneself where an answer tells nothing else. */
export const DOUBT = "is it Binance's REST address?"

const isComplaint = Schema.is(Schema.Struct({ code: Schema.Int, msg: Schema.String }))

/** Unknown, disconnected, unexpected answer, timed out, busy: the exchange's own trouble, whatever the status. */
const TROUBLE = new Set([-1000, -1001, -1006, -1007, -1008])
/** Not supported here, or only with a key: another host may serve it. */
const ELSEWHERE = new Set([-1002, -1020, -2014, -2015])

const kindOf = (status: number, code: number | undefined): Failure => {
  if (status === 429 || status === 418) return "throttled"
  if (status === 403 || status === 407 || status === 451) return "refused"
  if (code !== undefined && TROUBLE.has(code)) return "failed"
  if (code !== undefined && ELSEWHERE.has(code)) return "missing"
  if (status >= 500 || status === 408) return "failed"
  // Without a word of the exchange's own it is a server that has no such path.
  return code === undefined || status === 404 ? "missing" : "rejected"
}

const adviceOf = (kind: Failure, path: string, hasCode: boolean): string => {
  if (kind === "failed") return "the trouble is on its side"
  if (kind === "rejected") return `it does not take this question about ${path}`
  return hasCode ? `it has no ${path}` : DOUBT
}

/** An answer with a status that says no. */
export const refusal = (where: string, path: string, status: number, body: unknown): RestError => {
  const complaint = isComplaint(body) ? body : undefined
  const kind = kindOf(status, complaint?.code)
  const said = complaint === undefined ? "" : ` (${complaint.code}: ${complaint.msg})`
  const advice = ADVICE[status] ?? adviceOf(kind, path, complaint !== undefined || status === 404)
  return new RestError({
    kind,
    message: `${where} answered with status ${status}${said}: ${advice}`,
    ...(complaint && { code: complaint.code })
  })
}

/** An answer that should be data and is not. A page for people comes from a server that has no such path. */
export const misunderstood = (where: string, text: string): RestError =>
  new RestError({
    kind: text.trimStart().startsWith("<") ? "missing" : "malformed",
    message: `${where} answered with status 200: ${DOUBT}`
  })

/** An answer that is not what was asked for. */
export const malformed = (where: string, reason: string): RestError =>
  new RestError({ kind: "malformed", message: `${where} answered with status 200: ${reason}` })

const codeOf = (error: unknown): string | undefined =>
  Predicate.hasProperty(error, "code") && Predicate.isString(error.code) ? error.code : undefined

/** The connection could not be made, or broke. */
export const broken = (where: string, error: HttpClientError.HttpClientError): RestError => {
  const what = error.reason._tag === "TransportError" ? "cannot be reached" : "has broken off its answer"
  return new RestError({
    kind: "failed",
    message: `${where} ${what}: ${codeOf(error.reason.cause) ?? error.reason.description ?? error.message}`,
    cause: error
  })
}

export const late = (where: string, seconds: number): RestError =>
  new RestError({ kind: "failed", message: `${where} has not answered within ${seconds} s` })
