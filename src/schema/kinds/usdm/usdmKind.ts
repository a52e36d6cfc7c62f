/**
 * What all kinds of USD-M futures have in common. Since 2026-06-30 the exchange pushes the rows of COIN-M along in the streams of
 * every symbol and marks whose they are: `st` is 1 for USD-M and 2 for COIN-M; older payloads have none.
 */
import { Predicate, type Schema } from "effect"
import { type Definition, streamKind, type StreamKind } from "../../StreamKind.ts"

/**
 * The two parts of the address that streams are served under (since 2026-04-23): what the order book shows, and everything else.
 * A stream that is asked for under the other one is acknowledged and stays mute.
 */
export type Route = "public" | "market"

const USDM = 1

const isForeign = (payload: unknown): boolean => Predicate.hasProperty(payload, "st") && payload.st !== USDM

/** Besides `BREAK`: nothing is traded, nor shown. */
const CLOSED = ["PENDING_TRADING", "DELIVERED", "SETTLING", "CLOSE"]

export const usdmKind = <P extends Schema.ConstraintDecoder<unknown>>(
  definition: Omit<Definition<P>, "market" | "isForeign" | "silentIn" | "route"> & { readonly route: Route }
): StreamKind => streamKind({ ...definition, market: "usdm", isForeign, silentIn: CLOSED })
