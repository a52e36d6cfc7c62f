/**
 * One `SinkRecord` as bytes: timestamp (double), topic, key, number of headers (2 bytes), each one's name and text, value.
 * A text has its length (4 bytes) before it, the value is the rest; numbers are little-endian.
 */
import type { SinkRecord } from "../../schema/SinkRecord.ts"

const TEXT = 4

const textBytes = (text: string): number => TEXT + Buffer.byteLength(text)

/** What `write` needs. */
export const sizeOf = ({ headers, key, topic, value }: SinkRecord): number => {
  let bytes = 8 + textBytes(topic) + textBytes(key) + 2 + value.byteLength
  for (const name in headers) bytes += textBytes(name) + textBytes(headers[name] ?? "")
  return bytes
}

/** Gives the place behind it. */
export const write = (target: Buffer, at: number, { headers, key, timestamp, topic, value }: SinkRecord): number => {
  const writeText = (text: string, at: number): number => {
    const bytes = target.write(text, at + TEXT)
    target.writeUInt32LE(bytes, at)
    return at + TEXT + bytes
  }
  const count = writeText(key, writeText(topic, target.writeDoubleLE(timestamp, at)))
  const names = Object.keys(headers)
  let end = target.writeUInt16LE(names.length, count)
  for (const name of names) end = writeText(headers[name] ?? "", writeText(name, end))
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
    return { topic, key, timestamp, headers, value: source.subarray(at) }
  } catch {
    return undefined
  }
}
