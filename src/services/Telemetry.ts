/**
 * Every metric, declared once: its name, help and unit. Updated per batch or per connection, never per message.
 * Served by `layers/OpsServer` at `/metrics`.
 */
import { Metric } from "effect"

export const framesReceived = Metric.counter("binance_kafka_frames_received_total", {
  description: "WebSocket frames read from the exchange",
  incremental: true
})
export const bytesReceived = Metric.counter("binance_kafka_received_bytes_total", {
  description: "Payload bytes read from the exchange",
  incremental: true
})
export const recordsProduced = Metric.counter("binance_kafka_records_produced_total", {
  description: "Records made from valid events, by stream kind",
  incremental: true
})
export const deadLetters = Metric.counter("binance_kafka_dead_letters_total", {
  description: "Frames and records sent to the dead-letter topic",
  incremental: true
})
export const recordsDropped = Metric.counter("binance_kafka_records_dropped_total", {
  description: "Dead letters that the broker refused in their turn: the only records ever given up",
  incremental: true
})
export const recordsStored = Metric.counter("binance_kafka_records_stored_total", {
  description: "Records that the sink has acknowledged",
  incremental: true
})
export const recordsPending = Metric.gauge("binance_kafka_records_pending", {
  description: "Records taken by the sink and not yet acknowledged"
})
export const bytesPending = Metric.gauge("binance_kafka_pending_bytes", {
  description: "Bytes taken by the sink and not yet acknowledged"
})
export const sendFailures = Metric.counter("binance_kafka_send_failures_total", {
  description: "Sends to Kafka that failed and were tried again, by kind of error",
  incremental: true
})
export const connectionsLive = Metric.gauge("binance_kafka_connections_live", {
  description: "WebSocket connections that have delivered data"
})
export const reconnects = Metric.counter("binance_kafka_reconnects_total", {
  description: "WebSocket connections that ended and were opened again, by reason",
  incremental: true
})
export const sendSeconds = Metric.histogram("binance_kafka_send_seconds", {
  description: "Time from a send to its acknowledgement",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
})
export const batchRecords = Metric.histogram("binance_kafka_batch_records", {
  description: "Records in one send",
  boundaries: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]
})
export const restRequests = Metric.counter("binance_kafka_rest_requests_total", {
  description: "Requests to the exchange's REST side, by endpoint and outcome",
  incremental: true
})
export const restUsedWeight = Metric.gauge("binance_kafka_rest_used_weight", {
  description: "REST weight that this address has used up in the exchange's present minute, other programs included"
})
