/**
 * From an event to its record: the payload's own text spliced into the envelope, never serialised again, so that no digit
 * and no unknown field is lost. `Envelope` in `schema/` is the shape that comes out.
 */
import zlib from "node:zlib"
import * as EventId from "../schema/EventId.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { StreamName } from "../schema/StreamName.ts"
import type { MarketEvent } from "./Decoder.ts"

/** Kafka refuses a whole batch for one record that lies more than an hour ahead of its clock; ours may differ a little. */
const MAX_AHEAD_MS = 10 * 60 * 1000

const digestOf = (json: string): string => zlib.crc32(json).toString(16).padStart(8, "0")

/**
 * What is the same for every record of one stream and symbol: the topic, how its event-ids begin, and the envelope behind the
 * payload but its flags.
 */
interface Frame {
  readonly topic: string
  readonly prefix: string
  readonly tail: string
}

/** Makes records for topics by kind name. */
export const make = (topics: ReadonlyMap<string, string>) => {
  const frames = new Map<StreamName, Map<string, Frame>>()

  const makeFrame = (stream: StreamName, symbol: string): Frame => {
    const { kind, type } = stream
    const topic = topics.get(kind.name) ?? kind.topic.default
    const market = kind.market === "spot" ? "" : `,"market":"${kind.market}"`
    const tail = `,"source":"binance"${market},"data_version":"v1","symbol":${JSON.stringify(symbol)},"stream_type":${JSON.stringify(type)},"topic":${JSON.stringify(topic)}`
    return { topic, prefix: EventId.prefixOf(stream, symbol), tail }
  }

  const frameOf = (stream: StreamName, symbol: string): Frame => {
    const ofStream = frames.get(stream) ?? new Map<string, Frame>()
    const known = ofStream.get(symbol)
    if (known !== undefined) return known
    const frame = makeFrame(stream, symbol)
    frames.set(stream, ofStream.set(symbol, frame))
    return frame
  }

  return (event: MarketEvent): SinkRecord => {
    const { backfilled = false, facts, json, late = false, receivedAt, stream, symbol } = event
    const { prefix, tail, topic } = frameOf(stream, symbol)
    const eventTime = facts.eventTime ?? receivedAt
    const ahead = eventTime > receivedAt + MAX_AHEAD_MS
    const flags = `${backfilled ? ',"backfilled":true' : ""}${late ? ',"late":true' : ""}`
    const eventId = EventId.format(prefix, facts.id, facts.exact ? undefined : digestOf(json))
    const headers = { "event-id": eventId, "content-type": "application/json" }
    return {
      topic,
      key: symbol,
      value: Buffer.from(`{"original_data":${json},"ingestion_timestamp":${receivedAt}${tail}${flags}}`),
      timestamp: ahead ? receivedAt : eventTime,
      headers: ahead ? { ...headers, "event-time": String(eventTime) } : headers,
      receivedAt: backfilled ? undefined : receivedAt
    }
  }
}
