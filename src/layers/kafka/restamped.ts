/**
 * Where our clock runs far ahead of the broker's, it refuses what carries our time. What has no time of the exchange's goes
 * again under the newest timestamp that the broker took; the header `event-time` keeps the other one.
 */
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"

/** Their times are the exchange's, and their order matters: sent again they would stand behind newer ones. */
const SEQUENCED = /^binance:\w+:(?:trade|aggTrade|kline_|depth(?:@\d+ms)?:)/

export const restamped = (record: SinkRecord, error: KafkaError, newest: number): SinkRecord | undefined => {
  const { headers, timestamp } = record
  const isOurs = headers["event-time"] === undefined && !SEQUENCED.test(headers["event-id"] ?? "")
  return isOurs && timestamp > newest && newest > 0 && error.message.includes("INVALID_TIMESTAMP")
    ? { ...record, timestamp: newest, headers: { ...headers, "event-time": String(timestamp) } }
    : undefined
}
