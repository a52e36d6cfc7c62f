/** What an earlier process left in the spool, by stream: see `services/Spool`. */
import { Effect, Result } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Standing from "../../pipeline/Standing.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { parseStreamName, type StreamName } from "../../schema/StreamName.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { Stands } from "../../services/Positions.ts"
import type { Held } from "../../services/Spool.ts"
import * as Streams from "../../services/Streams.ts"
import { identify } from "./identity.ts"
import type { Store } from "./Store.ts"

const NOTHING = new Uint8Array(0)

/**
 * Reads to the end and back; what is damaged is counted when it is drained. Also of streams that are not wanted now: they may
 * join while it waits, or after it was stored. `since`: the first record's time, Unix ms.
 */
export const find = Effect.fnUntraced(function* (store: Store, drainBytes: number) {
  const { binance, topics } = yield* AppConfig
  let known = (yield* Streams.streams).now()
  const read = Sequenced.growing(() => known)
  const byName = new Map<string, StreamName | undefined>(known.map((stream) => [stream.name, stream]))
  const standings = new Map<string, Standing.Standing>()
  const continuity: Array<SinkRecord> = []
  const places = new Map<string, SinkRecord>()
  let since: number | undefined

  const streamOf = (name: string): StreamName | undefined => {
    if (!byName.has(name)) {
      const stream = Result.getOrUndefined(parseStreamName(name, binance.market))
      byName.set(name, stream)
      if (stream !== undefined) known = [...known, stream]
    }
    return byName.get(name)
  }

  const factsOf = (record: SinkRecord): Sequenced.Sequenced | undefined => {
    const { first, last, late, market, resumable, stream } = identify(record)
    if (market !== binance.market.name || !(resumable || late)) return undefined
    const kind = streamOf(stream)?.kind
    if (kind?.sequence === undefined) return undefined
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
