/** What the continuity topic says of events for which there was no room on the disk. */
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { Overflow } from "../services/Spool.ts"
import * as ContinuityRecord from "./ContinuityRecord.ts"

export const overflowStatement = ({ from, stream, to }: Overflow): ContinuityRecord.Statement => {
  const at = stream.indexOf("@")
  const symbol = at > 0 ? stream.slice(0, at).toUpperCase() : null
  const reason = "there was no room for it in the spool (SPOOL_MAX_BYTES)"
  return { type: "overflow", stream, symbol, from, to, reason, late: false }
}

export const overflowRecord = (origin: ContinuityRecord.Origin, overflow: Overflow): SinkRecord =>
  ContinuityRecord.make(origin, overflowStatement(overflow))
