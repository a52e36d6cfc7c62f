import type { SinkRecord } from "../schema/SinkRecord.ts"

/** Kafka's record format at its worst: lengths, attributes, timestamp and offset deltas, number of headers. */
const RECORD_OVERHEAD = 36
/** Two lengths. */
const HEADER_OVERHEAD = 10

/** What a record takes in a batch before compression, from above for all but exotic text. */
export const estimatedBytes = ({ headers, key, value }: SinkRecord): number => {
  let bytes = RECORD_OVERHEAD + value.byteLength + Buffer.byteLength(key)
  for (const name in headers) bytes += HEADER_OVERHEAD + name.length + Buffer.byteLength(headers[name] ?? "")
  return bytes
}
