/** Of records on their way to the sink, and of what it says. */
import { counter, gauge, histogram } from "./declare.ts"

/** From what a machine alone takes to what an outage does, s. */
const LATENCIES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800]

export const endToEndSeconds = histogram(
  "binance_kafka_end_to_end_seconds",
  "Time from the exchange's event time (without one: from receipt) to the acknowledgement of its record, of what was received live",
  LATENCIES
)
export const exchangeToReceiveSeconds = histogram(
  "binance_kafka_exchange_to_receive_seconds",
  "Time from the exchange's event time to the receipt of its frame; 0 where our clock is behind",
  LATENCIES
)
export const receiveToSinkSeconds = histogram(
  "binance_kafka_receive_to_sink_seconds",
  "Time from the receipt of a frame until its records were handed to the sink, or to the spool before it",
  LATENCIES
)
export const sinkToAckSeconds = histogram(
  "binance_kafka_sink_to_ack_seconds",
  "Time from the sink's taking a record to its acknowledgement",
  LATENCIES
)
export const queueRecords = gauge(
  "binance_kafka_queue_records",
  "Events in their order, and records made of them, that wait for a batch to the sink"
)
export const sinkUp = gauge("binance_kafka_sink_up", "Whether the sink stores: 1, else 0")
export const recordsStored = counter("binance_kafka_records_stored_total", "Records that the sink has acknowledged")
export const recordsDropped = counter(
  "binance_kafka_records_dropped_total",
  "Dead letters that the broker refused in their turn"
)
export const recordsPending = gauge(
  "binance_kafka_records_pending",
  "Records taken by the sink and not yet acknowledged"
)
export const bytesPending = gauge("binance_kafka_pending_bytes", "Bytes taken by the sink and not yet acknowledged")
export const sendSeconds = histogram(
  "binance_kafka_send_seconds",
  "Time from a send to its acknowledgement",
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
)
export const batchRecords = histogram(
  "binance_kafka_batch_records",
  "Records in one send",
  [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]
)
export const sendFailures = counter(
  "binance_kafka_send_failures_total",
  "Sends to Kafka that failed and were tried again, by kind of error",
  { kind: "`Unreachable`, `Doubt`, `Disputed`, `Moved`, `MissingTopic`, `Refused`, `Denied` or `Busy`" }
)
export const offsetRegressions = counter(
  "binance_kafka_offset_regressions_total",
  "How often the log of a partition had gone back below what was stored: the topic has lost records"
)
export const recordsResent = counter(
  "binance_kafka_records_resent_total",
  "Acknowledged records that a failover had lost and that were sent again"
)
export const recordsLost = counter(
  "binance_kafka_records_lost_total",
  "Acknowledged records that a failover lost after the memory for keeping them was full"
)
export const foreignRecords = counter(
  "binance_kafka_foreign_records_total",
  "Records of another connector seen in our topics"
)
