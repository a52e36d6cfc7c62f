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

/**
 * A stream's open candles stand beside its closed ones, and only these can be fetched again; late records fill a gap of their
 * own, far below what is live.
 */
const keyOf = (record: SinkRecord): string => {
  const { late, replayable, stream } = identify(record)
  return `${stream} ${replayable} ${late}`
}

/** Numbered one by one: what is not the next one stands behind something that is kept, or was never there. */
const COUNTED = /@(?:trade|aggTrade)$/

export const make = (): Overflows => {
  /** Runs, each without a hole as far as that can be told: what lies between two of them must not be fetched again. */
  const streams = new Map<string, Array<Overflow>>()

  const refuse = (record: SinkRecord): void => {
    const { first, last, replayable, stream } = identify(record)
    const key = keyOf(record)
    const runs = streams.get(key) ?? []
    const run = runs.at(-1)
    streams.set(key, runs)
    if (run === undefined || (COUNTED.test(stream) && first !== run.to + 1)) {
      runs.push({ stream, from: first, to: last, replayable, records: 1 })
    } else {
      const { from, records, to } = run
      runs.splice(-1, 1, { ...run, from: Math.min(from, first), to: Math.max(to, last), records: records + 1 })
    }
  }

  const isHeldBack = (record: SinkRecord): boolean => {
    return identify(record).replayable && streams.has(keyOf(record))
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
      const taken = Array.from(streams).filter(([, [run]]) => which === "all" || run?.replayable !== true)
      for (const [key] of taken) streams.delete(key)
      return taken.flatMap(([, runs]) => runs)
    }
  }
}
