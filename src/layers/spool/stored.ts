/**
 * Tells of what an earlier process left in the spool whether it is stored: that process may have died between a send and the
 * note that it succeeded. Of sequenced streams, whose positions say so; for others the ends of the topics have to be read.
 */
import * as Sequenced from "../../pipeline/Sequenced.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Position } from "../../services/Positions.ts"

export const make = (streams: ReadonlyArray<StreamName>, positions: ReadonlyMap<string, Position>) => {
  const read = Sequenced.make(streams)
  return (record: SinkRecord): boolean => {
    const facts = read(record)
    const position = facts && positions.get(facts.stream)
    if (facts === undefined || position === undefined || facts.last > position.last) return false
    return !facts.late || facts.last <= (position.late ?? Number.NEGATIVE_INFINITY)
  }
}
