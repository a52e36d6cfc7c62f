/** Of the spool on the disk. */
import { counter, gauge } from "./declare.ts"

export const spoolBytes = gauge("binance_kafka_spool_bytes", "Bytes of the spool's files")
export const spoolLimitBytes = gauge(
  "binance_kafka_spool_limit_bytes",
  "What the spool's files may take (SPOOL_MAX_BYTES); 0 without a spool"
)
export const spoolWritable = gauge(
  "binance_kafka_spool_writable",
  "Whether the last write to the spool's folder went well, be it a trial (one every 10 s): 1, else 0; 0 without a spool"
)
export const spoolRecords = gauge("binance_kafka_spool_records", "Records in the spool that Kafka has not stored")
export const spoolOldestAge = gauge(
  "binance_kafka_spool_oldest_age_seconds",
  "How long the oldest record in the spool has waited there, to the second; 0 where none waits"
)
export const spoolDamagedRecords = counter(
  "binance_kafka_spool_damaged_records_total",
  "Records that could not be read back from the spool"
)
export const spoolDroppedRecords = counter(
  "binance_kafka_spool_dropped_records_total",
  "Records that were not kept for want of room in the spool"
)
