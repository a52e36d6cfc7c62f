/**
 * Tells of what an earlier process left in the spool whether it is stored: that process may have died between a send and the
 * note that it succeeded. Of sequenced streams the positions say so; for what is late and for others the ends of the topics do.
 */
import * as Sequenced from "../../pipeline/Sequenced.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Stands } from "../../services/Positions.ts"

/** Whether a record is at its stream's position or before it. */
export const isBehind = (streams: ReadonlyArray<StreamName>, stands: ReadonlyMap<string, Stands>) => {
  const read = Sequenced.make(streams)
  return (record: SinkRecord): boolean => {
    const facts = read(record)
    const newest = facts && stands.get(facts.stream)?.inOrder.at(-1)
    // What is late stands anywhere below.
    return facts?.late === false && newest !== undefined && facts.last <= newest.last
  }
}

/** What of some records is still to be stored; `newest`: the event-ids at the ends of the topics. */
export const remaining = (
  streams: ReadonlyArray<StreamName>,
  stands: ReadonlyMap<string, Stands>,
  newest: ReadonlySet<string>
) => {
  const isStored = isBehind(streams, stands)
  return (records: ReadonlyArray<SinkRecord>): ReadonlyArray<SinkRecord> =>
    records.filter((record) => !(newest.has(record.headers["event-id"] ?? "") || isStored(record)))
}
