/**
 * Records of the dead-letter topic: what could not become a data record, whole, with the reason in the headers.
 * `dlq.reason`, `dlq.field` and `dlq.stream` say why, where and whence; `dlq.received-at` when (Unix ms); a value that had
 * to be cut has the size and digest of the whole in `dlq.bytes` and `dlq.sha256`. Key and headers are clipped, so that a
 * topic that takes records at all takes a dead letter.
 */
import { createHash } from "node:crypto"
import zlib from "node:zlib"
import * as EventId from "../schema/EventId.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { MarketName } from "../schema/StreamKind.ts"
import { clipped } from "./clipped.ts"
import type { Rejection } from "./Decoder.ts"

/** How much is kept of an event that Kafka refuses: enough to see what it was. */
const KEPT_BYTES = 8 * 1024

const digest = (bytes: Uint8Array): string => zlib.crc32(bytes).toString(16).padStart(8, "0")

/** The frame, byte for byte; the texts of a `Rejection` are clipped already. */
export const rejectedRecord = (
  { market, topic }: { readonly market: MarketName; readonly topic: string },
  { field, frame, reason, stream }: Rejection
): SinkRecord => {
  const key = stream ?? "unknown"
  return {
    topic,
    key,
    value: frame.bytes,
    timestamp: frame.receivedAt,
    headers: {
      "event-id": `${EventId.headOf(market)}dead-letter:${key}:${frame.receivedAt}:${digest(frame.bytes)}`,
      "content-type": "application/octet-stream",
      "dlq.reason": reason,
      ...(field === undefined ? {} : { "dlq.field": field }),
      "dlq.stream": key,
      "dlq.received-at": String(frame.receivedAt)
    }
  }
}

/** A record that the broker will never take; `at`: when it said so, Unix ms. */
export const refusedRecord = (topic: string, record: SinkRecord, reason: string, at: number): SinkRecord =>
  truncated(
    {
      topic,
      key: clipped(record.key),
      value: record.value,
      timestamp: at,
      headers: {
        ...Object.fromEntries(Object.entries(record.headers).map(([name, text]) => [name, clipped(text)])),
        "dlq.reason": clipped(reason),
        "dlq.stream": clipped(`${record.topic}/${record.key}`),
        "dlq.received-at": String(at)
      }
    },
    KEPT_BYTES
  )

/** The record with at most so many bytes of its value. */
export const truncated = (record: SinkRecord, bytes: number): SinkRecord =>
  record.value.byteLength <= bytes
    ? record
    : {
        ...record,
        // A copy, so that the rest can leave the memory.
        value: new Uint8Array(record.value.subarray(0, bytes)),
        headers: {
          "dlq.bytes": String(record.value.byteLength),
          "dlq.sha256": createHash("sha256").update(record.value).digest("hex"),
          // Cut before: these are of the whole.
          ...record.headers
        }
      }
