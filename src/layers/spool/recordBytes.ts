/**
 * One `SinkRecord` as bytes: timestamp (double), topic, key, number of headers (2 bytes), each one's name and text, value.
 * A text has its length (4 bytes) before it, the value is the rest; numbers are little-endian. When a record was received
 * stands among the headers, under a name that no header has.
 */
import type { SinkRecord } from "../../schema/SinkRecord.ts"

const TEXT = 4

const RECEIVED_AT = "\0received-at"

const textBytes = (text: string): number => TEXT + Buffer.byteLength(text)

/** What `write` needs. */
export const sizeOf = ({ headers, key, receivedAt, topic, value }: SinkRecord): number => {
  let bytes = 8 + textBytes(topic) + textBytes(key) + 2 + value.byteLength
  for (const name in headers) bytes += textBytes(name) + textBytes(headers[name] ?? "")
  return receivedAt === undefined ? bytes : bytes + textBytes(RECEIVED_AT) + textBytes(String(receivedAt))
}

/** Gives the place behind it. */
export const write = (target: Buffer, at: number, record: SinkRecord): number => {
  const { headers, key, receivedAt, timestamp, topic, value } = record
  const writeText = (text: string, at: number): number => {
    const bytes = target.write(text, at + TEXT)
    target.writeUInt32LE(bytes, at)
    return at + TEXT + bytes
  }
  const count = writeText(key, writeText(topic, target.writeDoubleLE(timestamp, at)))
  const names = Object.keys(headers)
  let end = target.writeUInt16LE(names.length + (receivedAt === undefined ? 0 : 1), count)
  for (const name of names) end = writeText(headers[name] ?? "", writeText(name, end))
  if (receivedAt !== undefined) end = writeText(String(receivedAt), writeText(RECEIVED_AT, end))
  target.set(value, end)
  return end + value.byteLength
}

/** The value is a view. `undefined`: these are no record's bytes. */
export const read = (source: Buffer): SinkRecord | undefined => {
  let at = 0
  const readText = (): string => {
    const start = at + TEXT
    at = start + source.readUInt32LE(at)
    if (at > source.length) throw new RangeError("a text ends behind the record")
    return source.toString("utf8", start, at)
  }
  try {
    const timestamp = source.readDoubleLE(0)
    at = 8
    const topic = readText()
    const key = readText()
    const count = source.readUInt16LE(at)
    at += 2
    const headers: Record<string, string> = {}
    for (let n = 0; n < count; n++) {
      const name = readText()
      headers[name] = readText()
    }
    const { [RECEIVED_AT]: receivedAt, ...ours } = headers
    const record = { topic, key, timestamp, headers: ours, value: source.subarray(at) }
    return receivedAt === undefined ? record : { ...record, receivedAt: Number(receivedAt) }
  } catch {
    return undefined
  }
}
