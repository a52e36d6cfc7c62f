/**
 * The value of a record on a data topic: the exchange's payload as received, and what we know of it.
 *
 * ```json
 * {"original_data":{"e":"trade","E":1795402801207},"ingestion_timestamp":1795402801210,"source":"binance","data_version":"v1","symbol":"ETHUSDT","stream_type":"trade","topic":"raw_trades"}
 * ```
 *
 * `docs/envelope.schema.json` is its JSON Schema, written by `scripts/schema.ts`.
 */
import { Schema } from "effect"

export const Envelope = Schema.Struct({
  original_data: Schema.JsonObject.annotate({
    description: "The payload, byte for byte as the exchange sent it. Prices and quantities are strings."
  }),
  ingestion_timestamp: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({
    description: "When it was read from the socket: Unix milliseconds by the connector's clock."
  }),
  source: Schema.Literal("binance").annotate({ description: "The exchange." }),
  market: Schema.optionalKey(
    Schema.Literal("usdm").annotate({ description: "USD-M futures; of spot there is no such field." })
  ),
  data_version: Schema.Literal("v1").annotate({
    description: "Of these fields. New optional fields do not change it; anything that could break a reader does."
  }),
  symbol: Schema.NonEmptyString.annotate({ description: "Upper-case, also the record's key; it may be non-ASCII." }),
  stream_type: Schema.NonEmptyString.annotate({
    description: "The stream's kind as the exchange writes it: trade, aggTrade, kline, ticker, ticker_1h, depth5, ..."
  }),
  topic: Schema.NonEmptyString.annotate({ description: "The topic that the record was published to." }),
  backfilled: Schema.optionalKey(
    Schema.Literal(true).annotate({ description: "The stream did not deliver it: it was fetched over REST." })
  ),
  late: Schema.optionalKey(
    Schema.Literal(true).annotate({ description: "It fills a gap that newer records of its key had already passed." })
  )
}).annotate({ title: "A record of a data topic" })
export type Envelope = typeof Envelope.Type
