/**
 * Recorded frames, one a line of NDJSON, with the moment of receipt:
 *
 * ```json
 * {"receivedAt":1795402801210,"frame":{"stream":"ethusdt@trade","data":{"e":"trade"}}}
 * ```
 *
 * The frame stands there byte for byte. One that cannot stand in such a line is `"text"`, a JSON string, where it is UTF-8, else
 * `"base64"`. Any other line is a frame itself, of which nobody knows when it was received.
 */
import type { Frame } from "../services/MarketFeed.ts"
import { isJson, textOf } from "./jsonText.ts"

/** A frame of a recording. */
export interface RecordedFrame {
  readonly bytes: Uint8Array
  /** Unix ms; `undefined` where the recording does not say it. */
  readonly receivedAt: number | undefined
}

const HEAD = Buffer.from('{"receivedAt":')
const FRAME = Buffer.from(',"frame":')
/** Of a line's beginning, that which says what the line is: the time has 16 digits at most. */
const PREFIX_BYTES = HEAD.byteLength + 16 + FRAME.byteLength

const member = (bytes: Uint8Array): string => {
  const text = textOf(bytes)
  if (text === undefined) return `"base64":"${Buffer.from(bytes).toString("base64")}"`
  return isJson(text) && !/[\r\n]/.test(text) ? `"frame":${text}` : `"text":${JSON.stringify(text)}`
}

/** The frame's line, without its end. */
export const lineOf = ({ bytes, receivedAt }: Frame): string => `{"receivedAt":${receivedAt},${member(bytes)}}`

const OTHER = /^\{"receivedAt":(\d{1,16}),"(text|base64)":(".*")\}$/

/** A frame that does not stand in the line as it is. */
const otherFrame = (line: Buffer): RecordedFrame | undefined => {
  const [, time, form, json = ""] = OTHER.exec(line.toString("utf8")) ?? []
  if (!isJson(json)) return undefined
  const text: unknown = JSON.parse(json)
  return typeof text === "string" && (form === "text" || form === "base64")
    ? { bytes: Buffer.from(text, form === "text" ? "utf8" : "base64"), receivedAt: Number(time) }
    : undefined
}

/** The frame of a line. */
export const frameOf = (bytes: Uint8Array): RecordedFrame => {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bare = { bytes, receivedAt: undefined }
  if (!line.subarray(0, HEAD.byteLength).equals(HEAD)) return bare
  const [head, time] = /^\{"receivedAt":(\d{1,16}),"frame":/.exec(line.toString("latin1", 0, PREFIX_BYTES)) ?? []
  if (head === undefined) return otherFrame(line) ?? bare
  return line.at(-1) === 0x7d ? { bytes: line.subarray(head.length, -1), receivedAt: Number(time) } : bare
}
