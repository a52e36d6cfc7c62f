import type { SinkRecord } from "../schema/SinkRecord.ts"

/** Kafka's record format at its worst: lengths, attributes, timestamp and offset deltas, number of headers. */
const RECORD_OVERHEAD = 36
/** Two lengths. */
const HEADER_OVERHEAD = 10

/** What a text takes at most beyond one byte a character; nothing for nearly all. Headers are ASCII, but for the key in them. */
const beyondAscii = (text: string): number => {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text) - text.length
  return 0
}

/** What a record takes in a batch before compression, from above for all but exotic text. */
export const estimatedBytes = ({ headers, key, value }: SinkRecord): number => {
  const beyond = beyondAscii(key)
  let bytes = RECORD_OVERHEAD + value.byteLength + key.length + beyond
  for (const name in headers) bytes += HEADER_OVERHEAD + name.length + (headers[name]?.length ?? 0) + beyond
  return bytes
}
