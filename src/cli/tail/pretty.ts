/** A record as a line for people: time, symbol, kind, and the main fields by their names. */
import { Option, Schema } from "effect"
import { Continuity } from "../../schema/Continuity.ts"
import type { Envelope } from "../../schema/Envelope.ts"
import { markets } from "../../schema/Market.ts"
import { at, type View } from "./view.ts"

/** The most of a value that is no event. */
const SHOWN = 200

const SYMBOL_WIDTH = 10
const KIND_WIDTH = 10

/** How a record's market and `stream_type` lead to its kind. */
const kindOf = new Map(
  Object.values(markets).flatMap(({ kinds, name }) =>
    kinds.flatMap((kind) =>
      [...kind.suffixes, ...kind.allMarket].map((suffix) => [`${name} ${kind.streamType(suffix)}`, kind] as const)
    )
  )
)

const decodeContinuity = Schema.decodeUnknownOption(Continuity)

/** Whatever could steer a terminal, or end the line. */
const escaped = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
  )

/** The largest time that a date can hold, ms. */
const MAX_TIME = 8.64e15

const timeText = (millis: number): string =>
  Math.abs(millis) <= MAX_TIME ? new Date(millis).toISOString() : String(millis)

const shownText = (value: unknown): string => {
  if (Array.isArray(value)) return String(value.length)
  const text = escaped(typeof value === "string" ? value : JSON.stringify(value))
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

const short = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text

type Fields = Readonly<Record<string, unknown>>

interface Line {
  readonly symbol: string
  readonly kind: string
  readonly fields: Fields
}

const ofEvent = ({ backfilled, late, market, original_data, stream_type, symbol }: Envelope): Line => {
  const brief = Object.entries(kindOf.get(`${market ?? "spot"} ${stream_type}`)?.brief ?? {})
  return {
    symbol,
    kind: stream_type,
    fields: {
      ...Object.fromEntries(brief.map(([name, path]) => [name, at(original_data, path)])),
      backfilled,
      late
    }
  }
}

const ofContinuity = ({ from, instance, late, reason, stream, symbol, to, type }: Continuity): Line => ({
  symbol: symbol ?? "-",
  kind: type,
  fields: { stream, from: from ?? undefined, to: to ?? undefined, late: late || undefined, reason, instance }
})

const ofOther = ({ record: { headers, key, value }, text }: View): Line => {
  const reason = headers["dlq.reason"]
  const content = text === undefined ? `${value.byteLength} bytes that are no text` : short(text)
  return reason === undefined
    ? { symbol: "-", kind: "record", fields: { key, value: content } }
    : {
        symbol: "-",
        kind: "dead",
        fields: { stream: headers["dlq.stream"] ?? key, reason, field: headers["dlq.field"], frame: content }
      }
}

const lineOf = (view: View): Line =>
  Option.match(view.envelope, {
    onSome: ofEvent,
    onNone: () => Option.match(decodeContinuity(view.value), { onSome: ofContinuity, onNone: () => ofOther(view) })
  })

export type Paint = (style: "faint" | "bold", text: string) => string

export const prettyLine = (view: View, paint: Paint = (_, text) => text): string => {
  const { fields, kind, symbol } = lineOf(view)
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint("faint", `${name}=`)}${shownText(value)}`)
  return [
    paint("faint", timeText(view.record.timestamp)),
    paint("bold", escaped(symbol).padEnd(SYMBOL_WIDTH)),
    escaped(kind).padEnd(KIND_WIDTH),
    ...shown
  ].join(" ")
}
