import type { SinkRecord } from "../schema/SinkRecord.ts"

/** Kafka's record format at its worst: lengths, attributes, timestamp and offset deltas, number of headers. */
const RECORD_OVERHEAD = 36
/** Two lengths. */
const HEADER_OVERHEAD = 10

/** UTF-8; nearly every text is ASCII, for which a call out of JavaScript would be the larger part. */
const bytesOf = (text: string): number => {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text)
  return text.length
}

/** What a record takes in a batch before compression, from above for all but exotic text. */
export const estimatedBytes = ({ headers, key, value }: SinkRecord): number => {
  let bytes = RECORD_OVERHEAD + value.byteLength + bytesOf(key)
  for (const name in headers) bytes += HEADER_OVERHEAD + name.length + bytesOf(headers[name] ?? "")
  return bytes
}
