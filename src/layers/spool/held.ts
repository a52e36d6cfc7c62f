/** What an earlier process left in the spool, by stream: see `services/Spool`. */
import { Effect } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Standing from "../../pipeline/Standing.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { Stands } from "../../services/Positions.ts"
import type { Held } from "../../services/Spool.ts"
import * as Streams from "../../services/Streams.ts"
import { identify } from "./identity.ts"
import type { Store } from "./Store.ts"

const NOTHING = new Uint8Array(0)

/** Reads to the end and back; what is damaged is counted when it is drained. `since`: the first record's time, Unix ms. */
export const find = Effect.fnUntraced(function* (store: Store, drainBytes: number) {
  const { topics } = yield* AppConfig
  const wanted = (yield* Streams.streams).now()
  const read = Sequenced.make(wanted)
  const sequenced = new Map(
    wanted.filter(({ kind }) => kind.sequence !== undefined).map((stream) => [stream.name, stream])
  )
  const standings = new Map<string, Standing.Standing>()
  const continuity: Array<SinkRecord> = []
  const places = new Map<string, SinkRecord>()
  let since: number | undefined

  const factsOf = (record: SinkRecord): Sequenced.Sequenced | undefined => {
    const { first, last, late, market, resumable, stream } = identify(record)
    const kind = sequenced.get(stream)?.kind
    if (kind === undefined || kind.market !== market || !(resumable || late)) return undefined
    // The header tells all, but not where a candle ends.
    return kind.sequence === "times" ? read(record) : { stream, first, last, at: record.timestamp, late }
  }

  for (;;) {
    const { entries } = yield* store.read(drainBytes)
    if (entries.length === 0) break
    since ??= entries[0]?.record.timestamp
    for (const { record } of entries) {
      const facts = factsOf(record)
      if (facts !== undefined) {
        const standing = standings.get(facts.stream) ?? Standing.make()
        standings.set(facts.stream, standing)
        standing.add(facts)
      }
      // A copy, so that the file's bytes can leave the memory.
      if (record.topic === topics.continuity) continuity.push({ ...record, value: new Uint8Array(record.value) })
      const place = `${record.topic} ${record.key}`
      if (!places.has(place)) places.set(place, { ...record, value: NOTHING })
    }
  }
  yield* store.rewind
  const streams = new Map<string, Stands>(Array.from(standings, ([stream, standing]) => [stream, standing.read()]))
  return {
    held: { streams, continuity } satisfies Held,
    /** One record, without its value, of each key of each topic. */
    places: Array.from(places.values()),
    since
  }
})
