/** The connector's record, made the plain way: parse, build an object, serialise. Nothing is validated. */
import zlib from "node:zlib"

export interface Message {
  readonly topic: string
  readonly key: string
  readonly value: string
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

/** What is used of a payload. */
export interface Payload {
  readonly e: string
  readonly E: number
  readonly s: string
  readonly t?: number
}

const TOPICS: Readonly<Record<string, string>> = {
  trade: "raw_trades",
  kline: "raw_klines",
  "24hrTicker": "raw_tickers"
}

export const envelopeOf =
  (prefix: string) =>
  (stream: string, data: Payload, frame: string): Message => {
    const topic = prefix + TOPICS[data.e]
    const suffix = stream.slice(stream.indexOf("@") + 1)
    const id = data.t ?? `${data.E}:${zlib.crc32(frame).toString(16).padStart(8, "0")}`
    return {
      topic,
      key: data.s,
      value: JSON.stringify({
        original_data: data,
        ingestion_timestamp: Date.now(),
        source: "binance",
        data_version: "v1",
        symbol: data.s,
        stream_type: suffix.split("_")[0],
        topic
      }),
      timestamp: data.E,
      headers: { "event-id": `binance:spot:${suffix}:${data.s}:${id}`, "content-type": "application/json" }
    }
  }
