/**
 * The account of what is not kept, by stream. A replayable stream that misses one record misses all that follow, until it is
 * caught up from the exchange: kept ones would stand before those that are fetched.
 */
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { Overflow } from "../../services/Spool.ts"
import { identify } from "./identity.ts"

export interface Overflows {
  /** What may be kept of a batch; the rest is accounted for. */
  readonly admit: (batch: ReadonlyArray<SinkRecord>) => ReadonlyArray<SinkRecord>
  /** These are not kept. */
  readonly refuse: (records: ReadonlyArray<SinkRecord>) => void
  /** Of the streams that miss no more: all of them, or those that cannot be caught up anyway. */
  readonly take: (which: "all" | "unreplayable") => ReadonlyArray<Overflow>
}

export const make = (): Overflows => {
  const streams = new Map<string, Overflow>()

  const refuse = (record: SinkRecord): void => {
    const { first, last, replayable, stream } = identify(record)
    // A stream's open candles stand beside its closed ones, and only these can be fetched again.
    const key = `${stream} ${replayable}`
    const { from, records, to } = streams.get(key) ?? { from: first, to: last, records: 0 }
    streams.set(key, {
      stream,
      from: Math.min(from, first),
      to: Math.max(to, last),
      replayable,
      records: records + 1
    })
  }

  const isHeldBack = (record: SinkRecord): boolean => {
    const { replayable, stream } = identify(record)
    return replayable && streams.has(`${stream} ${replayable}`)
  }

  return {
    admit: (batch) =>
      streams.size === 0
        ? batch
        : batch.filter((record) => {
            const heldBack = isHeldBack(record)
            if (heldBack) refuse(record)
            return !heldBack
          }),
    refuse: (records) => records.forEach(refuse),
    take: (which) => {
      const taken = Array.from(streams).filter(([, { replayable }]) => which === "all" || !replayable)
      for (const [key] of taken) streams.delete(key)
      return taken.map(([, overflow]) => overflow)
    }
  }
}
