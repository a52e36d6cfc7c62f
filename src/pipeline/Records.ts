/**
 * From an event to its record: the payload's own text spliced into the envelope, never serialised again, so that no digit
 * and no unknown field is lost. `Envelope` in `schema/` is the shape that comes out.
 */
import { crc32 } from "node:zlib"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { MarketEvent } from "./Decoder.ts"

/** Kafka refuses a whole batch for one record that lies more than an hour ahead of its clock; ours may differ a little. */
const MAX_AHEAD_MS = 10 * 60 * 1000

/** The same for the same event, whenever and however it arrives: `binance:spot:trade:BTCUSDT:12345`. */
export const eventId = ({ facts, json, stream, symbol }: MarketEvent): string => {
  const id = `binance:spot:${stream.suffix}:${symbol}:${facts.id}`
  return facts.exact ? id : `${id}:${crc32(json).toString(16).padStart(8, "0")}`
}

/** Makes records for topics by kind name. */
export const make = (topics: ReadonlyMap<string, string>) => {
  const tails = new Map<string, string>()
  const tailOf = (type: string, symbol: string, topic: string): string => {
    const key = `${type} ${symbol} ${topic}`
    const known = tails.get(key)
    if (known !== undefined) return known
    const tail = `,"source":"binance","data_version":"v1","symbol":${JSON.stringify(symbol)},"stream_type":${JSON.stringify(type)},"topic":${JSON.stringify(topic)}}`
    tails.set(key, tail)
    return tail
  }

  return (event: MarketEvent): SinkRecord => {
    const { facts, json, receivedAt, stream, symbol } = event
    const topic = topics.get(stream.kind.name) ?? stream.kind.topic.default
    const eventTime = facts.eventTime ?? receivedAt
    const ahead = eventTime > receivedAt + MAX_AHEAD_MS
    const headers = { "event-id": eventId(event), "content-type": "application/json" }
    return {
      topic,
      key: symbol,
      value: Buffer.from(
        `{"original_data":${json},"ingestion_timestamp":${receivedAt}${tailOf(stream.type, symbol, topic)}`
      ),
      timestamp: ahead ? receivedAt : eventTime,
      headers: ahead ? { ...headers, "event-time": String(eventTime) } : headers
    }
  }
}
