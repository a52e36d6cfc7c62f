/** Of each stream by itself: only with `METRICS_PER_STREAM=true`, for they are as many as there are streams. */
import { counter, gauge } from "./declare.ts"

const labels = { stream: "as `BINANCE_STREAMS` names it" }

export const streamRecords = counter(
  "binance_kafka_stream_records_total",
  "Records made from valid events, by stream",
  labels
)
export const streamReceived = gauge(
  "binance_kafka_stream_last_received_timestamp_seconds",
  "When a stream's newest event was received, in seconds since the Unix epoch; 0 before the first",
  labels
)
