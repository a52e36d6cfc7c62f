/** Of events: what was made of them, what is missing, what was fetched. */
import { counter, gauge } from "./declare.ts"

const kind = "the kind of stream, as Binance names it"

export const recordsProduced = counter(
  "binance_kafka_records_produced_total",
  "Records made from valid events, by stream kind",
  { kind }
)
export const deadLetters = counter(
  "binance_kafka_dead_letters_total",
  "Frames and records sent to the dead-letter topic"
)
export const duplicates = counter(
  "binance_kafka_duplicates_total",
  "Events dropped because they were published before: connections overlap"
)
export const backfilled = counter("binance_kafka_backfilled_total", "Records fetched from the exchange's history")
export const continuity = counter(
  "binance_kafka_continuity_total",
  "Records written to the continuity topic, by type: gaps opened, filled and confirmed among them",
  {
    type: "`gap-opened`, `gap-filled`, `gap-confirmed`, `sequence-reset`, `rollover`, `stale` or `overflow`"
  }
)
export const streamsIncomplete = gauge(
  "binance_kafka_streams_incomplete",
  "Streams of which events are missing at the moment"
)
export const gapsOpen = gauge("binance_kafka_gaps_open", "Gaps that live data has passed and that are not filled yet")
export const missingIds = gauge(
  "binance_kafka_missing_ids",
  "Events of numbered kinds that are missing at the moment and are being fetched"
)
export const restRequests = counter(
  "binance_kafka_rest_requests_total",
  "Requests to the exchange's REST side, by endpoint and outcome",
  {
    endpoint: "what stands behind `/api/v3/`, of futures behind `/fapi/v1/`",
    outcome: "`ok`, `missing`, `refused`, `rejected`, `throttled`, `failed` or `malformed`"
  }
)
export const restUsedWeight = gauge(
  "binance_kafka_rest_used_weight",
  "REST weight that this address has used up in the exchange's present minute, other programs included"
)
