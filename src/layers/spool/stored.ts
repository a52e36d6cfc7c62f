/**
 * Tells of what an earlier process left in the spool whether it is stored: that process may have died between a send and the
 * note that it succeeded. Of sequenced streams the positions say so; for others the ends of the topics are read, once.
 */
import { Effect } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Position } from "../../services/Positions.ts"
import type { ReleasableSink } from "../../services/ReleasableSink.ts"

/** Whether a record is at its stream's position or before it. */
export const isBehind = (streams: ReadonlyArray<StreamName>, positions: ReadonlyMap<string, Position>) => {
  const read = Sequenced.make(streams)
  return (record: SinkRecord): boolean => {
    const facts = read(record)
    const position = facts && positions.get(facts.stream)
    if (facts === undefined || position === undefined || facts.last > position.last) return false
    return !facts.late || facts.last <= (position.late ?? Number.NEGATIVE_INFINITY)
  }
}

/** What of some records is still to be stored. */
export const remaining = (
  streams: ReadonlyArray<StreamName>,
  positions: ReadonlyMap<string, Position>,
  { newest }: Pick<ReleasableSink["Service"], "newest">
) => {
  const isStored = isBehind(streams, positions)
  let ends: ReadonlySet<string> | undefined
  return Effect.fnUntraced(function* (records: ReadonlyArray<SinkRecord>) {
    const rest = records.filter((record) => !isStored(record))
    if (rest.length > 0) ends ??= yield* newest(rest)
    return rest.filter(({ headers }) => ends?.has(headers["event-id"] ?? "") !== true)
  })
}
