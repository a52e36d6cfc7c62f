/** Why a connection ended or could not be opened. */
import { Data, Duration } from "effect"

/** For metrics and for the decision what to do next. */
export type DisconnectReason =
  | "refused"
  | "unreachable"
  | "closed"
  | "silent"
  | "no-pong"
  | "rejected"
  | "unacknowledged"

/** The exchange has answered the upgrade with an HTTP status. */
export interface Refusal {
  /** `limited`: too many requests; `barred`: only a person can change it; `other`: trying again may help. */
  readonly kind: "limited" | "barred" | "other"
  /** The exchange's own wish, from `Retry-After`. */
  readonly retryAfter: Duration.Duration | undefined
}

export class Disconnected extends Data.TaggedError("Disconnected")<{
  readonly reason: DisconnectReason
  readonly detail: string
  readonly refusal: Refusal | undefined
}> {
  override get message() {
    return this.detail
  }
}

export const disconnected = (reason: DisconnectReason, detail: string, refusal?: Refusal) =>
  new Disconnected({ reason, detail, refusal })

/** What the exchange means by refusing the upgrade, and what a person can do. */
const HINTS: Readonly<Record<number, string>> = {
  403: "blocked by the exchange's firewall: too many connections or a blocked network",
  407: "the proxy that the environment names wants other credentials",
  418: "this IP is banned for ignoring a rate limit",
  429: "too many requests from this IP",
  451: "not available from this location: try wss://data-stream.binance.vision/stream"
}

const KINDS: Readonly<Record<number, Refusal["kind"]>> = {
  403: "barred",
  418: "limited",
  429: "limited",
  451: "barred"
}

export const refused = (status: number, retryAfter: string | undefined): Disconnected => {
  const seconds = Number(retryAfter)
  const hint = HINTS[status] ?? (status >= 500 ? "the exchange is in trouble" : "is BINANCE_WS_URL right?")
  return disconnected("refused", `the exchange refused the connection with HTTP ${status}: ${hint}`, {
    kind: KINDS[status] ?? "other",
    retryAfter: Number.isFinite(seconds) && seconds > 0 ? Duration.seconds(seconds) : undefined
  })
}

export const closed = (code: number, reason: string): Disconnected => {
  const why = code === 1006 ? "without a close frame" : `with code ${code}`
  return disconnected("closed", `the exchange closed the connection ${why}${reason === "" ? "" : `: ${reason}`}`)
}
