/**
 * The account of what is not kept, by stream. A replayable stream that misses one record misses all that follow, until it is
 * caught up from the exchange: kept ones would stand before those that are fetched.
 */
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Overflow } from "../../services/Spool.ts"
import { type Identity, identify } from "./identity.ts"

export interface Overflows {
  /** What may be kept of a batch; the rest is accounted for. */
  readonly admit: (batch: ReadonlyArray<SinkRecord>) => ReadonlyArray<SinkRecord>
  /** These are not kept. */
  readonly refuse: (records: ReadonlyArray<SinkRecord>) => void
  /** Of the streams that miss no more: those that can be caught up, or the others. */
  readonly take: (which: "replayable" | "unreplayable") => ReadonlyArray<Overflow>
  readonly holdsBack: () => boolean
  /** The late ones that were refused since this was last asked. */
  readonly newlyLate: () => ReadonlyArray<Span>
  /** What is late and not kept of this part of a stream. */
  readonly lateOf: (span: Span) => ReadonlyArray<Span>
}

/** A stream's open candles stand beside its closed ones, and only these can be fetched again. */
const keyOf = ({ late, replayable, stream }: Pick<Identity, "late" | "replayable" | "stream">): string =>
  `${stream} ${replayable} ${late}`

/** Numbered one by one: between late ones that do not follow one another there is something that is kept. */
const COUNTED = /@(?:trade|aggTrade)$/

/** Of a stream, by name. */
export interface Span {
  readonly stream: string
  readonly from: number
  readonly to: number
}

/** Of these streams, which may become more. */
export const make = (streamsOf: () => ReadonlyArray<StreamName>): Overflows => {
  const read = Sequenced.growing(streamsOf)
  /** What is late in runs, each without a hole as far as that can be told: what lies between them must not be fetched again. */
  const streams = new Map<string, ReadonlyArray<Overflow>>()
  let newlyLate: Array<Span> = []

  /**
   * Under which account it is held back. A late one too: what is live was published before it, and with that refused a restart
   * would begin below it and fetch it again.
   */
  const holderOf = (identity: Identity): string | undefined => {
    if (!identity.replayable) return undefined
    const live = keyOf({ ...identity, late: false })
    const from = streams.get(live)?.[0]?.from
    const key = keyOf(identity)
    if (from === undefined) return streams.has(key) ? key : undefined
    return from <= identity.first ? live : key
  }

  const refuse = (record: SinkRecord): void => {
    const identity = identify(record)
    const { late, replayable, stream } = identity
    // A candle's end stands in its value.
    const { first, last } = (!replayable || COUNTED.test(stream) ? undefined : read(record)) ?? identity
    const key = holderOf(identity) ?? keyOf(identity)
    const runs = streams.get(key) ?? []
    const run = runs.at(-1)
    if (late && run?.late !== false) newlyLate.push({ stream, from: first, to: last })
    if (run === undefined || (run.late && first !== run.to + 1)) {
      streams.set(key, [...runs, { stream, from: first, to: last, at: record.timestamp, replayable, late, records: 1 }])
    } else {
      const { from, records, to } = run
      const longer = { ...run, from: Math.min(from, first), to: Math.max(to, last), records: records + 1 }
      streams.set(key, [...runs.slice(0, -1), longer])
    }
  }

  return {
    admit: (batch) =>
      streams.size === 0
        ? batch
        : batch.filter((record) => {
            const heldBack = holderOf(identify(record)) !== undefined
            if (heldBack) refuse(record)
            return !heldBack
          }),
    refuse: (records) => records.forEach(refuse),
    take: (which) => {
      const taken = Array.from(streams).filter(([, [run]]) => run?.replayable === (which === "replayable"))
      for (const [key] of taken) streams.delete(key)
      // What is late first: it may lie right before what is not.
      return taken.flatMap(([, runs]) => runs).toSorted((a, b) => Number(b.late) - Number(a.late))
    },
    newlyLate: () => {
      const taken = newlyLate
      newlyLate = []
      return taken
    },
    lateOf: ({ from, stream, to }) =>
      (streams.get(keyOf({ stream, replayable: true, late: true })) ?? [])
        .filter((run) => run.from <= to && from <= run.to)
        .map((run) => ({ stream, from: Math.max(run.from, from), to: Math.min(run.to, to) })),
    holdsBack: () => Array.from(streams.values()).some(([run]) => run?.replayable === true)
  }
}
