import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { files } from "../../../scripts/settings.ts"
import { streamKinds } from "../../../src/schema/kinds/registry.ts"
import { PREFIX_LENGTH, TOPIC_LENGTH } from "../../../src/schema/settings/parsers.ts"
import { nameNotices, variables } from "../../../src/schema/settings/variables.ts"

const byName = new Map(variables.map((variable) => [variable.name, variable]))

describe("the declared variables", () => {
  it("have names that differ", () => {
    assert.strictEqual(byName.size, variables.length)
  })

  it("leave room for the longest prefix before every default topic", () => {
    for (const { topic } of streamKinds) assert.isAtMost(PREFIX_LENGTH + topic.default.length, TOPIC_LENGTH)
  })

  it("hold one topic for each stream kind", () => {
    for (const { topic } of streamKinds) assert.strictEqual(byName.get(topic.variable)?.default, topic.default)
  })

  it("have the defaults that are promised", () => {
    const promised: Readonly<Record<string, string | undefined>> = {
      BINANCE_WS_URL: "wss://stream.binance.com:9443/stream",
      BINANCE_REST_URL: "https://api.binance.com",
      BINANCE_STREAMS: "btcusdt@trade,ethusdt@trade,bnbusdt@trade,btcusdt@kline_1m,ethusdt@kline_1m,btcusdt@ticker",
      PING_INTERVAL_SECONDS: "180",
      RECONNECT_MAX_DELAY_SECONDS: "60",
      WS_CONNECTION_TIMEOUT: "10",
      SILENCE_TIMEOUT_SECONDS: "60",
      FEED: "binance",
      REPLAY_FILE: undefined,
      KAFKA_BOOTSTRAP_SERVERS: "localhost:9092",
      KAFKA_CLIENT: "kafkajs",
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
      TOPIC_RAW_TRADES: "raw_trades",
      TOPIC_RAW_KLINES: "raw_klines",
      TOPIC_RAW_TICKERS: "raw_tickers",
      TOPIC_RAW_AGG_TRADES: "raw_agg_trades",
      TOPIC_RAW_BLOCK_TRADES: "raw_block_trades",
      TOPIC_RAW_BOOK_TICKERS: "raw_book_tickers",
      TOPIC_RAW_MINI_TICKERS: "raw_mini_tickers",
      TOPIC_RAW_WINDOW_TICKERS: "raw_window_tickers",
      TOPIC_RAW_AVG_PRICES: "raw_avg_prices",
      TOPIC_RAW_DEPTH: "raw_depth",
      TOPIC_RAW_PARTIAL_DEPTH: "raw_partial_depth",
      TOPIC_RAW_REFERENCE_PRICES: "raw_reference_prices",
      TOPIC_DEAD_LETTER: "dead_letter",
      TOPIC_CONTINUITY: "continuity",
      TOPIC_PREFIX: "",
      TOPIC_CREATE: "true",
      TOPIC_PARTITIONS: "6",
      TOPIC_REPLICATION_FACTOR: undefined,
      BATCH_SIZE: "100",
      BATCH_TIMEOUT_MS: "100",
      BATCH_CHECK_INTERVAL_MS: "10",
      SINK: "kafka",
      DATA_DIR: "./data",
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: "8080",
      LOG_LEVEL: "INFO",
      LOG_FORMAT: undefined,
      OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      OTEL_SERVICE_NAME: "binance-kafka-connector"
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

describe("names that are none of ours", () => {
  const mistyped: ReadonlyArray<readonly [given: string, meant: string]> = [
    ["KAFKA_ACK", "KAFKA_ACKS"],
    ["KAKFA_ACKS", "KAFKA_ACKS"],
    ["BINANCE_STREAM", "BINANCE_STREAMS"],
    ["binance_streams", "BINANCE_STREAMS"],
    ["BINANCE_WSS_URL", "BINANCE_WS_URL"],
    ["BATCHSIZE", "BATCH_SIZE"],
    ["BATCH_TIMEOUT", "BATCH_TIMEOUT_MS"],
    ["BATCH_TIMEOUT_S", "BATCH_TIMEOUT_MS"],
    ["RECONNECT_MAX_DELAY", "RECONNECT_MAX_DELAY_SECONDS"],
    ["SILENCE_TIMOUT_SECONDS", "SILENCE_TIMEOUT_SECONDS"],
    ["PING_INTERVAL", "PING_INTERVAL_SECONDS"],
    ["KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"],
    ["KAFKA_SASL_PASSWD", "KAFKA_SASL_PASSWORD"],
    ["KAFKA_SSL_CERT", "KAFKA_SSL_CERT_FILE"],
    ["TOPIC_RAW_TRADE", "TOPIC_RAW_TRADES"],
    ["TOPIC_REPLICATION", "TOPIC_REPLICATION_FACTOR"],
    ["HTTP_PROT", "HTTP_PORT"],
    ["LOG_LEVLE", "LOG_LEVEL"],
    ["DATA_DRI", "DATA_DIR"],
    ["SINKS", "SINK"],
    ["FEEDS", "FEED"],
    ["REPLAY_FILES", "REPLAY_FILE"],
    ["OTEL_EXPORTER_OTLP_ENDPONT", "OTEL_EXPORTER_OTLP_ENDPOINT"]
  ]
  for (const [given, meant] of mistyped) {
    it(`${given} is taken for ${meant}`, () => {
      assert.deepStrictEqual(nameNotices([given]), [`${given} is no setting: did you mean ${meant}?`])
    })
  }

  it("are left alone where others set them", () => {
    const others = [
      ..."PATH HOME USER LANG TERM SHELL PWD EDITOR NODE_ENV NODE_OPTIONS NO_COLOR SEED LINK KIND FEE DISPLAY".split(
        " "
      ),
      ..."KAFKA_HOME KAFKA_OPTS KAFKA_HEAP_OPTS KAFKA_JMX_OPTS KAFKA_JMX_PORT KAFKA_LOG4J_OPTS KAFKA_BROKER_ID".split(
        " "
      ),
      ..."KAFKA_VERSION KAFKA_PORT KAFKA_PORT_9092_TCP KAFKA_SERVICE_HOST KAFKA_GC_LOG_OPTS KAFKA_DEBUG".split(" "),
      ..."HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY NO_PROXY no_proxy LOG_DIR LOG_PATH LOGNAME".split(
        " "
      ),
      ..."DATA_HOME XDG_DATA_DIRS XDG_DATA_HOME BINANCE_API_KEY BINANCE_API_SECRET WS_PORT".split(" "),
      ..."OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_PROTOCOL OTEL_EXPORTER_OTLP_TIMEOUT OTEL_SDK_DISABLED".split(
        " "
      ),
      ..."OTEL_EXPORTER_OTLP_TRACES_ENDPOINT OTEL_RESOURCE_ATTRIBUTES OTEL_TRACES_SAMPLER OTEL_PROPAGATORS".split(" "),
      ..."OTEL_EXPORTER_OTLP_INSECURE OTEL_EXPORTER_OTLP_COMPRESSION OTEL_LOG_LEVEL OTEL_EXPORTER_OTLP_CERTIFICATE".split(
        " "
      )
    ]
    assert.deepStrictEqual(nameNotices(others), [])
  })

  it("are our own if they are right", () => {
    assert.deepStrictEqual(nameNotices(byName.keys()), [])
  })
})
