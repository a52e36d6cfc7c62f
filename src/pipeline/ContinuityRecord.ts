/**
 * Records of the continuity topic: what is known of a stream's ids beside the events themselves. `Continuity` in `schema/`
 * is the value's shape.
 */
import type { Continuity } from "../schema/Continuity.ts"
import * as EventId from "../schema/EventId.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { MarketName } from "../schema/StreamKind.ts"

/** Who says it, and when (Unix ms). */
export interface Origin {
  readonly market: MarketName
  readonly topic: string
  readonly instance: string
  readonly at: number
}

export type Statement = Omit<Continuity, "v" | "market" | "instance" | "at">

/** What is said of a hole goes before the events beyond it, what says that it is filled behind those in it. */
export const goesBefore = ({ type }: Statement): boolean => type === "gap-opened" || type === "gap-confirmed"

export const make = (
  { at, instance, market, topic }: Origin,
  { from, late, reason, stream, symbol, to, type }: Statement
): SinkRecord => {
  const value: Continuity = {
    v: 1,
    type,
    stream,
    ...(market !== "spot" && { market }),
    symbol,
    from,
    to,
    reason,
    late,
    instance,
    at
  }
  return {
    topic,
    key: stream,
    value: Buffer.from(JSON.stringify(value)),
    timestamp: at,
    headers: {
      "event-id": `${EventId.headOf(market)}continuity:${stream}:${type}:${from ?? ""}-${to ?? ""}:${at}`,
      "content-type": "application/json"
    }
  }
}
