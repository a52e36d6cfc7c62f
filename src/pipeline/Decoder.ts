/**
 * From a frame's bytes to events: finds the stream, parses the payload, validates it, and keeps its text as received. A
 * frame that is no event of a configured stream is rejected whole, with the reason; of an array the good rows are events
 * all the same. Pure and synchronous: it runs over chunks on the hot path.
 */
import { isUtf8 } from "node:buffer"
import { Cause, Option, Predicate, Result, type Schema, SchemaIssue } from "effect"
import { type ControlFrame, decodeControlFrame } from "../schema/ControlFrame.ts"
import type { EventFacts } from "../schema/StreamKind.ts"
import type { StreamName } from "../schema/StreamName.ts"
import type { Frame } from "../services/MarketFeed.ts"
import { clipped } from "./clipped.ts"
import { elementTexts, memberText } from "./jsonSlice.ts"
import * as Roster from "./Roster.ts"

/** A validated event, with its payload's text untouched. */
export interface MarketEvent {
  readonly stream: StreamName
  /** Upper-case: the stream's, or the row's own in a stream of every symbol. */
  readonly symbol: string
  readonly facts: EventFacts
  /** The payload as received. */
  readonly json: string
  readonly receivedAt: number
  /** The stream did not deliver it: it comes from the exchange's history. */
  readonly backfilled?: boolean
  /** It fills a gap that newer records of its key had already passed. */
  readonly late?: boolean
}

/** A frame that is no event of a configured stream. Its texts are clipped: whatever the frame says, they stay short. */
export interface Rejection {
  readonly frame: Frame
  /** As the frame names it, `undefined` if it does not. */
  readonly stream: string | undefined
  readonly reason: string
  /** The path of the field at fault, such as `k.o`. */
  readonly field: string | undefined
}

/** What a chunk of frames came to, in the order received. */
export interface Decoded {
  readonly events: Array<MarketEvent>
  readonly rejections: Array<Rejection>
  readonly controls: Array<ControlFrame>
}

export type Decoder = (frames: ReadonlyArray<Frame>) => Decoded

interface Fault {
  readonly reason: string
  readonly field: string | undefined
}

const decodeText = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes)
    ? (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString()
    : undefined

const parse = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (error) {
    return Result.fail(Predicate.isError(error) ? error.message : String(error))
  }
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const faultOf = (cause: Cause.Cause<Schema.SchemaError>): Fault => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  const issue = error === undefined ? undefined : formatIssue(error.issue).issues[0]
  const field = issue?.path?.map((part) => String(Predicate.isObject(part) ? part.key : part)).join(".")
  return { reason: issue?.message ?? Cause.pretty(cause), field }
}

const HEAD = '{"stream":"'
const DATA = '","data":'

/** The way nearly every frame is written: `{"stream":"<name>","data":<payload>}`, without a blank or another member. */
const splitPlain = (text: string): { readonly name: string; readonly json: string } | undefined => {
  if (!text.startsWith(HEAD) || text.charCodeAt(text.length - 1) !== 0x7d) return undefined
  const end = text.indexOf('"', HEAD.length)
  return text.startsWith(DATA, end)
    ? { name: text.slice(HEAD.length, end), json: text.slice(end + DATA.length, -1) }
    : undefined
}

/** Of streams that do not change. */
export const make = (streams: ReadonlyArray<StreamName>): Decoder => over(Roster.make(streams))

/** Of the streams that are carried at the time; what comes of one that was is left out. */
export const over =
  (roster: Pick<Roster.Roster, "find" | "recall">): Decoder =>
  (frames) => {
    const decoded: Decoded = { events: [], rejections: [], controls: [] }

    const reject = (frame: Frame, stream: string | undefined, fault: Fault): void => {
      decoded.rejections.push({
        frame,
        stream: stream === undefined ? undefined : clipped(stream),
        reason: clipped(fault.reason),
        field: fault.field === undefined ? undefined : clipped(fault.field)
      })
    }

    /** Validates one payload or row; a fault leaves no trace in `decoded`. */
    const take = (frame: Frame, stream: StreamName, json: string, payload: unknown): Fault | undefined => {
      if (stream.kind.isForeign(payload)) {
        // Those of every symbol bring the rows of other markets along.
        return stream.symbol === undefined ? undefined : { reason: "the payload is of another market", field: "st" }
      }
      const exit = stream.kind.decode(payload)
      if (exit._tag === "Failure") return faultOf(exit.cause)
      const facts = exit.value
      const symbol = facts.symbol ?? stream.symbol
      if (symbol === undefined || (stream.symbol !== undefined && symbol !== stream.symbol)) {
        return { reason: `the payload is of ${symbol ?? "no symbol"}, the stream of ${stream.symbol}`, field: "s" }
      }
      if (facts.variant !== undefined && !stream.suffix.includes(facts.variant)) {
        return { reason: `the payload is of ${facts.variant}, the stream is ${stream.suffix}`, field: undefined }
      }
      decoded.events.push({ stream, symbol, facts, json, receivedAt: frame.receivedAt })
      return undefined
    }

    const takeRows = (frame: Frame, stream: StreamName, json: string, rows: unknown): void => {
      if (!Array.isArray(rows)) return reject(frame, stream.name, { reason: "expected an array of rows", field: "" })
      const values: ReadonlyArray<unknown> = rows
      const texts = elementTexts(json)
      let first: Fault | undefined
      values.forEach((row, index) => {
        const fault = take(frame, stream, texts[index] ?? "", row)
        if (fault === undefined) return
        first ??= { reason: fault.reason, field: fault.field === undefined ? `${index}` : `${index}.${fault.field}` }
      })
      if (first !== undefined) reject(frame, stream.name, first)
    }

    const takeEvent = (frame: Frame, stream: StreamName, json: string, payload: unknown): void => {
      if (stream.symbol === undefined && !stream.kind.oneByOne) return takeRows(frame, stream, json, payload)
      const fault = take(frame, stream, json, payload)
      if (fault !== undefined) reject(frame, stream.name, fault)
    }

    const decodeFrame = (frame: Frame): void => {
      const text = decodeText(frame.bytes)
      if (text === undefined) return reject(frame, undefined, { reason: "not valid UTF-8", field: undefined })

      const plain = splitPlain(text)
      const known = plain === undefined ? undefined : roster.find(plain.name)
      if (plain !== undefined && known !== undefined) {
        // Parsing the payload by itself proves that the slice is exactly one JSON value.
        const payload = parse(plain.json)
        if (Result.isSuccess(payload) && !isServerShutdown(payload.success)) {
          return takeEvent(frame, known, plain.json, payload.success)
        }
      }

      const json = parse(text)
      if (Result.isFailure(json)) {
        return reject(frame, plain?.name, { reason: `not valid JSON: ${json.failure}`, field: undefined })
      }
      const control = decodeControlFrame(json.success)
      if (Option.isSome(control)) {
        decoded.controls.push(control.value)
        return
      }
      const message = json.success
      if (
        !Predicate.isObject(message) ||
        !Predicate.hasProperty(message, "stream") ||
        !Predicate.isString(message.stream)
      ) {
        return reject(frame, undefined, { reason: "not a message of the combined form", field: "stream" })
      }
      const stream = roster.find(message.stream)
      const data = memberText(text, "data")
      if (stream === undefined) {
        if (roster.recall(message.stream) !== undefined) return
        return reject(frame, message.stream, { reason: "not a configured stream", field: "stream" })
      }
      if (data === undefined || !Predicate.hasProperty(message, "data")) {
        return reject(frame, message.stream, { reason: "the payload is missing", field: "data" })
      }
      return takeEvent(frame, stream, data, message.data)
    }

    for (const frame of frames) decodeFrame(frame)
    return decoded
  }

const isServerShutdown = (payload: unknown): boolean =>
  Predicate.hasProperty(payload, "e") && payload.e === "serverShutdown"
