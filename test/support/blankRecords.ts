/** Records that differ in nothing but their time, for tests that only count or compare them. */
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"

export const blankRecords = (count: number): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, n) => ({
    topic: "t",
    key: "k",
    value: new Uint8Array(),
    timestamp: n,
    headers: {}
  }))
