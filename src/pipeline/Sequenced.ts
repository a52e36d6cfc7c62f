/** What a stored record says of its stream's sequence, for those streams that have one. */
import { Exit, Option, Schema } from "effect"
import * as EventId from "../schema/EventId.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { StreamName } from "../schema/StreamName.ts"

export interface Sequenced {
  /** The stream's name. */
  readonly stream: string
  /** The highest id that the record covers; a candle: its close time. */
  readonly last: number
  /** The lowest one. */
  readonly first: number
  /** Event time, Unix ms. */
  readonly at: number
  /** Newer ones were published before it. */
  readonly late: boolean
}

/** Also what other connectors wrote; of an envelope only this is needed. */
const Value = Schema.fromJsonString(
  Schema.Struct({ original_data: Schema.Unknown, late: Schema.optionalKey(Schema.Unknown) })
)

const utf8 = new TextDecoder()
const decodeValue = Schema.decodeUnknownOption(Value)

/**
 * Reads the records of these streams; undefined for all others, and for what has no sequence. A record without an event-id
 * is of the one stream that it can be of.
 */
export const make = (streams: ReadonlyArray<StreamName>) => {
  const bySymbol = Map.groupBy(streams, ({ symbol }) => symbol)

  return ({ headers, key, timestamp, value }: SinkRecord): Sequenced | undefined => {
    const eventId = headers["event-id"]
    const id = eventId === undefined ? undefined : EventId.parse(eventId, key)
    const isPossible = ({ kind, suffix }: StreamName) =>
      eventId === undefined || (suffix === id?.suffix && kind.market === id.market)
    const possible = bySymbol.get(key)?.filter(isPossible) ?? []
    if (possible.length === 0) return undefined
    const envelope = Option.getOrUndefined(decodeValue(utf8.decode(value)))
    if (envelope === undefined) return undefined
    const found = possible.flatMap(({ kind, name, suffix }) => {
      const facts = kind.decode(envelope.original_data)
      if (Exit.isFailure(facts)) return []
      const { eventTime = timestamp, span, symbol = key, variant = suffix } = facts.value
      const isOurs = symbol === key && (eventId !== undefined || variant === suffix)
      return span === undefined || !isOurs
        ? []
        : [{ stream: name, first: span.first, last: span.last, at: eventTime, late: envelope.late === true }]
    })
    return found.length === 1 ? found[0] : undefined
  }
}

/** The same of streams that become more; `streams` gives another array then. */
export const growing = (streams: () => ReadonlyArray<StreamName>) => {
  let known = streams()
  let read = make(known)
  return (record: SinkRecord): Sequenced | undefined => {
    if (streams() !== known) {
      known = streams()
      read = make(known)
    }
    return read(record)
  }
}
