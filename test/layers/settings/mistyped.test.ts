import { assert, describe, it } from "@effect/vitest"
import { mistyped } from "../../../src/layers/settings/mistyped.ts"
import { variables } from "../../../src/schema/settings/variables.ts"

describe("names that are none of ours", () => {
  const slips: ReadonlyArray<readonly [given: string, meant: string]> = [
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
    ["OTEL_EXPORTER_OTLP_ENDPONT", "OTEL_EXPORTER_OTLP_ENDPOINT"],
    ["KAFKA_BROKERS", "KAFKA_BOOTSTRAP_SERVERS"],
    ["KAFKA_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"],
    ["KAFKA_USER", "KAFKA_SASL_USERNAME"],
    ["KAFKA_PASSWORD", "KAFKA_SASL_PASSWORD"],
    ["WS_TIMEOUT", "WS_CONNECTION_TIMEOUT"],
    ["WS_CONNECTION_TIMEOUT_SECONDS", "WS_CONNECTION_TIMEOUT"],
    ["BATCH_TIMEOUT_SECONDS", "BATCH_TIMEOUT_MS"]
  ]
  for (const [given, meant] of slips) {
    it(`${given} is taken for ${meant}`, () => {
      assert.deepStrictEqual(mistyped([given]), [`${given} is no setting: did you mean ${meant}?`])
    })
  }

  it.each([
    [
      "BINANCE_WEBSOCKET_URL",
      "there is BINANCE_MARKET, BINANCE_WS_URL, BINANCE_LINES, BINANCE_REST_URL, BINANCE_STREAMS"
    ],
    ["BINANCE_SYMBOLS", "there is BINANCE_MARKET, BINANCE_WS_URL, BINANCE_LINES, BINANCE_REST_URL, BINANCE_STREAMS"],
    [
      "KAFKA_SASL_CREDENTIALS",
      "there is KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD, KAFKA_SASL_PASSWORD_FILE"
    ],
    ["KAFKA_SSL_ENABLED", "there is KAFKA_SSL, KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE"],
    ["TOPIC_TRADES", "there is TOPIC_CREATE, TOPIC_RAW_TRADES"],
    ["RECONNECT_DELAY", "there is RECONNECT_MAX_DELAY_SECONDS"]
  ])("%s begins as only ours do: %s", (given, said) => {
    assert.deepStrictEqual(mistyped([given]), [`${given} is no setting: ${said}`])
  })

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
      ..."BINANCE_KAFKA_CONNECTOR_SERVICE_HOST BINANCE_KAFKA_CONNECTOR_SERVICE_PORT BINANCE_KAFKA_CONNECTOR_PORT".split(
        " "
      ),
      ..."BINANCE_KAFKA_CONNECTOR_SERVICE_PORT_HTTP BINANCE_KAFKA_CONNECTOR_PORT_8080_TCP_ADDR BATCH_TASK_INDEX".split(
        " "
      ),
      ..."BINANCE_KAFKA_CONNECTOR_PORT_8080_TCP BINANCE_SECRET_KEY BINANCE_TESTNET KAFKA_SSL_KEYSTORE_LOCATION".split(
        " "
      ),
      ..."KAFKA_SASL_ENABLED_MECHANISMS BATCH_JOB_UID DATA_HOME XDG_DATA_DIRS XDG_DATA_HOME BINANCE_API_KEY BINANCE_API_SECRET WS_PORT".split(
        " "
      ),
      ..."OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_PROTOCOL OTEL_EXPORTER_OTLP_TIMEOUT OTEL_SDK_DISABLED".split(
        " "
      ),
      ..."OTEL_EXPORTER_OTLP_TRACES_ENDPOINT OTEL_RESOURCE_ATTRIBUTES OTEL_TRACES_SAMPLER OTEL_PROPAGATORS".split(" "),
      ..."OTEL_EXPORTER_OTLP_INSECURE OTEL_EXPORTER_OTLP_COMPRESSION OTEL_LOG_LEVEL OTEL_EXPORTER_OTLP_CERTIFICATE".split(
        " "
      )
    ]
    assert.deepStrictEqual(mistyped(others), [])
  })

  it("are our own if they are right", () => {
    assert.deepStrictEqual(mistyped(variables.map(({ name }) => name)), [])
  })
})
