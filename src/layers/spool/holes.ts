/**
 * What is missing between the records that are drained, stream by stream: a damaged one says nothing of itself, its neighbours
 * do. Of streams that can be fetched again; candles are told by their times.
 */
import * as Sequenced from "../../pipeline/Sequenced.ts"
import { isReplayable } from "../../schema/StreamKind.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Position } from "../../services/Positions.ts"
import type { Overflow } from "../../services/Spool.ts"

export interface Holes {
  /** A record in its turn; gives the hole before it. */
  readonly passed: (record: SinkRecord) => Overflow | undefined
}

export const make = (streams: ReadonlyArray<StreamName>, positions: ReadonlyMap<string, Position>): Holes => {
  const replayable = streams.filter(({ kind }) => isReplayable(kind))
  const read = Sequenced.make(replayable)
  const lasts = new Map(Array.from(positions, ([stream, { last }]) => [stream, last]))
  return {
    passed: (record) => {
      const facts = read(record)
      if (facts === undefined || facts.late) return undefined
      const { first, last, stream } = facts
      const before = lasts.get(stream)
      lasts.set(stream, Math.max(before ?? last, last))
      return before === undefined || first <= before + 1
        ? undefined
        : { stream, from: before + 1, to: first - 1, replayable: true, records: first - before - 1 }
    }
  }
}
