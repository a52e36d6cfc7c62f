/** From what is known about a stream to its record on the continuity topic. `Continuity` in `schema/` is its value's shape. */
import type { Continuity } from "../schema/Continuity.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"

export type ContinuityNote = Omit<Continuity, "v" | "instance" | "at">

export interface ContinuityContext {
  readonly topic: string
  /** The process that writes it. */
  readonly instance: string
  /** Unix ms. */
  readonly at: number
}

export const make = ({ at, instance, topic }: ContinuityContext, note: ContinuityNote): SinkRecord => {
  const { from, late, reason, stream, symbol, to, type } = note
  const value: Continuity = { v: 1, type, stream, symbol, from, to, reason, late, instance, at }
  return {
    topic,
    key: stream,
    value: Buffer.from(JSON.stringify(value)),
    timestamp: at,
    headers: {
      "event-id": `binance:spot:continuity:${stream}:${type}:${from ?? ""}-${to ?? ""}:${at}`,
      "content-type": "application/json"
    }
  }
}
