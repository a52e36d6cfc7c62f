/** What the shards topic holds: under a shard's number, in the partition of that number, who has it since when. */
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { MarketName } from "../../schema/StreamKind.ts"

export interface Owner {
  readonly shard: number
  /** Of the run: what the data's records bear in their header `instance`. */
  readonly instance: string
  /** Of the process that runs it. */
  readonly process: string
  readonly state: "taken" | "left"
}

/** `at`: now, Unix ms. */
export const toRecord = (
  { market, topic }: { readonly market: MarketName; readonly topic: string },
  owner: Owner,
  at: number
): SinkRecord => ({
  topic,
  key: String(owner.shard),
  value: Buffer.from(JSON.stringify({ v: 1, ...owner, at })),
  timestamp: at,
  headers: {
    "event-id": `${EventId.headOf(market)}shard:${owner.shard}:${owner.instance}:${owner.state}`,
    "content-type": "application/json"
  }
})
