import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { files } from "../../../scripts/settings.ts"
import { markets } from "../../../src/schema/Market.ts"
import { PREFIX_LENGTH, TOPIC_LENGTH } from "../../../src/schema/settings/parsers.ts"
import { ofMarket, variables } from "../../../src/schema/settings/variables.ts"

const byName = new Map(variables.map((variable) => [variable.name, variable]))

describe("the declared variables", () => {
  it("have names that differ", () => {
    assert.strictEqual(byName.size, variables.length)
  })

  it("leave room for the longest prefix before every default topic", () => {
    for (const { kinds } of Object.values(markets)) {
      for (const { topic } of kinds) assert.isAtMost(PREFIX_LENGTH + topic.default.length, TOPIC_LENGTH)
    }
  })

  it.each(Object.values(markets))("hold one topic for each stream kind of $name", (market) => {
    const mine = new Map(ofMarket(market).map((one) => [one.name, one.default]))
    for (const { topic } of market.kinds) {
      assert.strictEqual(mine.get(topic.variable), topic.default)
      assert.isTrue(byName.has(topic.variable), topic.variable)
    }
  })

  it("name no topic of one market by default for another", () => {
    const topics = Object.values(markets).flatMap((market) =>
      ofMarket(market).flatMap((one) => (one.name.startsWith("TOPIC_") ? [one.default] : []))
    )
    assert.lengthOf(new Set(topics), topics.length)
  })

  it("have the defaults that are promised", () => {
    const promised: Readonly<Record<string, string | undefined>> = {
      BINANCE_MARKET: "spot",
      BINANCE_WS_URL: "wss://stream.binance.com:9443/stream",
      BINANCE_LINES: "1",
      BINANCE_REST_URL: "https://api.binance.com",
      REST_WEIGHT_SHARE: "0.5",
      BINANCE_STREAMS: "btcusdt@trade,ethusdt@trade,bnbusdt@trade,btcusdt@kline_1m,ethusdt@kline_1m,btcusdt@ticker",
      PING_INTERVAL_SECONDS: "180",
      RECONNECT_MAX_DELAY_SECONDS: "60",
      WS_CONNECTION_TIMEOUT: "10",
      SILENCE_TIMEOUT_SECONDS: "60",
      STREAMS_FILE: undefined,
      SYMBOLS_REFRESH_MINUTES: "15",
      STREAM_STALE_SECONDS: undefined,
      ROLLOVER_HOURS: "23",
      ROLLOVER_WINDOW_UTC: undefined,
      GAP_WAIT_SECONDS: "120",
      RESUME_MAX_GAP_SECONDS: "3600",
      FEED: "binance",
      REPLAY_FILE: undefined,
      REPLAY_SPEED: "max",
      KAFKA_BOOTSTRAP_SERVERS: "localhost:9092",
      KAFKA_CLIENT: "kafkajs",
      KAFKAJS_PATCHES: "true",
      KAFKA_CLIENT_ID: "binance-kafka-connector",
      KAFKA_COMPRESSION: "snappy",
      KAFKA_ACKS: "1",
      KAFKA_SSL: "false",
      KAFKA_SSL_CA_FILE: undefined,
      KAFKA_SSL_CERT_FILE: undefined,
      KAFKA_SSL_KEY_FILE: undefined,
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
      KAFKA_SASL_PASSWORD_FILE: undefined,
      ...Object.fromEntries(markets.spot.kinds.map(({ topic }) => [topic.variable, topic.default])),
      TOPIC_DEAD_LETTER: "dead_letter",
      TOPIC_CONTINUITY: "continuity",
      TOPIC_POSITIONS: "positions",
      TOPIC_RAW_MARK_PRICES: "raw_usdm_mark_prices",
      TOPIC_RAW_FORCE_ORDERS: "raw_usdm_force_orders",
      TOPIC_SHARDS: "shards",
      GROUP_ID: undefined,
      SHARDS: "12",
      GROUP_SESSION_SECONDS: "10",
      TOPIC_PREFIX: "",
      TOPIC_CREATE: "true",
      TOPIC_PARTITIONS: "6",
      TOPIC_REPLICATION_FACTOR: undefined,
      BATCH_SIZE: "100",
      BATCH_TIMEOUT_MS: "100",
      BATCH_CHECK_INTERVAL_MS: "10",
      SINK: "kafka",
      DATA_DIR: "./data",
      SPOOL: "auto",
      SPOOL_MAX_BYTES: "10GiB",
      SPOOL_FSYNC: "false",
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: "8080",
      LOG_LEVEL: "INFO",
      LOG_FORMAT: undefined,
      OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      METRICS_PER_STREAM: "false",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: undefined,
      OTEL_METRIC_EXPORT_INTERVAL: "60000",
      OTEL_SERVICE_NAME: "binance-kafka-connector",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.01"
    }
    assert.deepStrictEqual(Object.fromEntries(variables.map((one) => [one.name, one.default])), promised)
  })

  for (const { example, name, parse } of variables) {
    it(`give an example for ${name} that is good`, () => {
      assert.isTrue(Result.isSuccess(parse(example)), example)
    })
  }
})

describe("the documents of the settings", () => {
  for (const { content, file } of files()) {
    const name = file.pathname.split("/").at(-1)
    it(`${name} is current: if not, run node scripts/settings.ts`, () => {
      assert.strictEqual(readFileSync(file, "utf8"), content)
      for (const variable of variables) assert.include(content, variable.name)
    })
  }
})
