/** What an earlier process left in the spool, by stream: see `services/Spool`. */
import { Effect } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { Held } from "../../services/Spool.ts"
import * as Holes from "./holes.ts"
import { identify } from "./identity.ts"
import type { Store } from "./Store.ts"

const NOTHING = new Uint8Array(0)

/** Reads to the end and back; what is damaged is counted when it is drained. `since`: the first record's time, Unix ms. */
export const find = Effect.fnUntraced(function* (store: Store, drainBytes: number) {
  const { binance, topics } = yield* AppConfig
  const holes = Holes.make(binance.streams)
  const held = new Map<string, SinkRecord>()
  const late = new Map<string, number>()
  const continuity: Array<SinkRecord> = []
  const places = new Map<string, SinkRecord>()
  let since: number | undefined
  // A copy, so that the file's bytes can leave the memory.
  const copied = (record: SinkRecord) => ({ ...record, value: new Uint8Array(record.value) })
  for (;;) {
    const { entries } = yield* store.read(drainBytes)
    if (entries.length === 0) break
    since ??= entries[0]?.record.timestamp
    const newest = new Map<string, SinkRecord>()
    for (const { record } of entries) {
      const identity = identify(record)
      if (identity.resumable) newest.set(identity.stream, record)
      if (identity.late) late.set(identity.stream, Math.max(late.get(identity.stream) ?? 0, identity.last))
      if (record.topic === topics.continuity) continuity.push(copied(record))
      const place = `${record.topic} ${record.key}`
      if (!places.has(place)) places.set(place, { ...record, value: NOTHING })
      holes.pass(record)
    }
    for (const [stream, record] of newest) held.set(stream, copied(record))
  }
  yield* store.rewind
  return {
    held: { newest: held, late, spans: holes.spans(), continuity } satisfies Held,
    /** One record, without its value, of each key of each topic. */
    places: Array.from(places.values()),
    since
  }
})
