import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { feedNames, sinkNames } from "../../../src/schema/Settings.ts"
import { faultsOf, settingsFrom, type Written } from "../../support/settingsFrom.ts"

const TOPIC = "expected a topic name: 1 to 249 of the characters a-z, A-Z, 0-9, dot, _ and -, not . or ..,"
const WS =
  "expected ws: or wss: addresses with the path /stream, separated by commas, for example wss://stream.binance.com:9443/stream"
const HTTP = "expected an http: or https: address, for example"
const REST =
  "expected http: or https: addresses separated by commas, for example https://api.binance.com,https://data-api.binance.vision"
const SHARE = "expected a number above 0, at most 1, for example 0.5"
const SERVERS = "expected host:port, several separated by commas, for example kafka-1:9092,kafka-2:9092"
const SECONDS = "expected a number of seconds above 0, at most 86400, for example"
const STREAMS = "expected stream names or patterns separated by commas, for example btcusdt@trade,ethusdt@kline_1m"
const MILLIS = "expected a whole number of milliseconds from 1 to 3600000, for example"
const SIZE = "expected a whole number from 1 to 100000, for example 100"
const BYTES = "expected a number of bytes, KiB, MiB, GiB or TiB, at least 1 MiB, for example 500MiB"
const SCRAM = "set it, for example KAFKA_SASL_MECHANISM=scram-sha-512"

/** What an operator writes, and what he then reads. */
const bad: ReadonlyArray<readonly [written: Written, ...faults: ReadonlyArray<string>]> = [
  [{ BATCH_SIZE: "1.5" }, `BATCH_SIZE=1.5: ${SIZE}`],
  [{ BATCH_SIZE: "0" }, `BATCH_SIZE=0: ${SIZE}`],
  [{ BATCH_SIZE: "-1" }, `BATCH_SIZE=-1: ${SIZE}`],
  [{ BATCH_SIZE: "100001" }, `BATCH_SIZE=100001: ${SIZE}`],
  [{ BATCH_SIZE: "1e3" }, `BATCH_SIZE=1e3: ${SIZE}`],
  [{ BATCH_SIZE: "0x10" }, `BATCH_SIZE=0x10: ${SIZE}`],
  [{ BATCH_SIZE: "NaN" }, `BATCH_SIZE=NaN: ${SIZE}`],
  [{ BATCH_SIZE: "1 000" }, `BATCH_SIZE=1 000: ${SIZE}`],
  [{ BATCH_SIZE: "9".repeat(400) }, `BATCH_SIZE=${"9".repeat(80)}… (400 characters): ${SIZE}`],
  [{ BATCH_SIZE: "1\n2" }, `BATCH_SIZE="1\\n2": ${SIZE}`],
  [{ SPOOL: "on" }, "SPOOL=on: expected one of auto, always, off, for example always"],
  [{ SPOOL_MAX_BYTES: "1000" }, `SPOOL_MAX_BYTES=1000: ${BYTES}`],
  [{ SPOOL_MAX_BYTES: "10 GB" }, `SPOOL_MAX_BYTES=10 GB: ${BYTES}`],
  [{ SPOOL_MAX_BYTES: "1.5GiB" }, `SPOOL_MAX_BYTES=1.5GiB: ${BYTES}`],
  [{ SPOOL_MAX_BYTES: "-5MiB" }, `SPOOL_MAX_BYTES=-5MiB: ${BYTES}`],
  [{ SPOOL_MAX_BYTES: "99999999TiB" }, `SPOOL_MAX_BYTES=99999999TiB: ${BYTES}`],
  [{ BATCH_TIMEOUT_MS: "-100" }, `BATCH_TIMEOUT_MS=-100: ${MILLIS} 100`],
  [{ BATCH_TIMEOUT_MS: "soon" }, `BATCH_TIMEOUT_MS=soon: ${MILLIS} 100`],
  [{ BATCH_TIMEOUT_MS: "0" }, `BATCH_TIMEOUT_MS=0: ${MILLIS} 100`],
  [{ BATCH_CHECK_INTERVAL_MS: "0" }, `BATCH_CHECK_INTERVAL_MS=0: ${MILLIS} 10`],
  [
    { BINANCE_STREAMS: "btcusdt" },
    "BINANCE_STREAMS=btcusdt: the stream's kind is missing after the symbol, such as btcusdt@trade"
  ],
  [
    { BINANCE_STREAMS: "btcusdt@trade, ethusdt, btcusdt@kline_7x,,@trade" },
    "BINANCE_STREAMS=ethusdt: the stream's kind is missing after the symbol, such as ethusdt@trade",
    'BINANCE_STREAMS=btcusdt@kline_7x: "kline_7x" is no stream kind: expected one of kline_1s, kline_1m, kline_3m, kline_5m, kline_15m, kline_30m, kline_1h, kline_2h, kline_4h, kline_6h, kline_8h, kline_12h, kline_1d, kline_3d, kline_1w, kline_1M, each also with @+08:00, for example btcusdt@kline_1s',
    "BINANCE_STREAMS=@trade: the symbol is missing before the @, such as btcusdt@trade"
  ],
  [{ BINANCE_STREAMS: " , ," }, `BINANCE_STREAMS=, ,: the list is empty; ${STREAMS}`],
  [{ BINANCE_STREAMS: "   " }, `BINANCE_STREAMS=: the list is empty; ${STREAMS}`],
  [{ BINANCE_WS_URL: "http://stream.binance.com/stream" }, `BINANCE_WS_URL=http://stream.binance.com/stream: ${WS}`],
  [{ BINANCE_WS_URL: "stream.binance.com" }, `BINANCE_WS_URL=stream.binance.com: ${WS}`],
  [{ BINANCE_WS_URL: "wss://host/elsewhere" }, `BINANCE_WS_URL=wss://host/elsewhere: ${WS}`],
  [
    { BINANCE_WS_URL: "wss://host/ws/btcusdt@trade" },
    `BINANCE_WS_URL=wss://host/ws/btcusdt@trade: /ws does not say which stream a message belongs to, the combined form /stream does; ${WS}`
  ],
  [
    { BINANCE_WS_URL: "wss://host/stream?streams=a@trade" },
    `BINANCE_WS_URL=wss://host/stream?streams=a@trade: the streams stand in BINANCE_STREAMS, not in the address; ${WS}`
  ],
  [{ BINANCE_REST_URL: "ftp://api.binance.com" }, `BINANCE_REST_URL=ftp://api.binance.com: ${REST}`],
  [{ BINANCE_REST_URL: "https://api.binance.com, ws://b, https://c" }, `BINANCE_REST_URL=ws://b: ${REST}`],
  [{ BINANCE_REST_URL: "," }, `BINANCE_REST_URL=,: the list is empty; ${REST}`],
  [{ REST_WEIGHT_SHARE: "0" }, `REST_WEIGHT_SHARE=0: ${SHARE}`],
  [{ REST_WEIGHT_SHARE: "1.01" }, `REST_WEIGHT_SHARE=1.01: ${SHARE}`],
  [{ REST_WEIGHT_SHARE: "50%" }, `REST_WEIGHT_SHARE=50%: ${SHARE}`],
  [{ RECONNECT_MAX_DELAY_SECONDS: "0" }, `RECONNECT_MAX_DELAY_SECONDS=0: ${SECONDS} 60`],
  [{ RECONNECT_MAX_DELAY_SECONDS: "-5" }, `RECONNECT_MAX_DELAY_SECONDS=-5: ${SECONDS} 60`],
  [{ WS_CONNECTION_TIMEOUT: "ten" }, `WS_CONNECTION_TIMEOUT=ten: ${SECONDS} 10`],
  [{ SILENCE_TIMEOUT_SECONDS: "60s" }, `SILENCE_TIMEOUT_SECONDS=60s: ${SECONDS} 60`],
  [{ SILENCE_TIMEOUT_SECONDS: "86401" }, `SILENCE_TIMEOUT_SECONDS=86401: ${SECONDS} 60`],
  [
    { PING_INTERVAL_SECONDS: "-1" },
    "PING_INTERVAL_SECONDS=-1: expected 0 (off), or a number of seconds from 1 to 86400, for example 180"
  ],
  [{ KAFKA_BOOTSTRAP_SERVERS: "" }, `KAFKA_BOOTSTRAP_SERVERS=: the list is empty; ${SERVERS}`],
  [{ KAFKA_BOOTSTRAP_SERVERS: "," }, `KAFKA_BOOTSTRAP_SERVERS=,: the list is empty; ${SERVERS}`],
  [
    { KAFKA_BOOTSTRAP_SERVERS: "a:9092,b,c:0,d:65536,http://e:1,f g:1,::1:9092" },
    `KAFKA_BOOTSTRAP_SERVERS=b: ${SERVERS}`,
    `KAFKA_BOOTSTRAP_SERVERS=c:0: ${SERVERS}`,
    `KAFKA_BOOTSTRAP_SERVERS=d:65536: ${SERVERS}`,
    `KAFKA_BOOTSTRAP_SERVERS=http://e:1: ${SERVERS}`,
    `KAFKA_BOOTSTRAP_SERVERS=f g:1: ${SERVERS}`,
    `KAFKA_BOOTSTRAP_SERVERS=::1:9092: ${SERVERS}`
  ],
  [
    { KAFKA_COMPRESSION: "brotli" },
    "KAFKA_COMPRESSION=brotli: expected one of none, snappy, gzip, lz4, zstd, for example snappy"
  ],
  [{ KAFKA_ACKS: "2" }, "KAFKA_ACKS=2: expected one of 0, 1, all, for example all"],
  [
    { KAFKA_CLIENT: "librdkafka" },
    "KAFKA_CLIENT=librdkafka: expected kafkajs or platformatic, for example platformatic"
  ],
  [{ KAFKA_SSL: "maybe" }, "KAFKA_SSL=maybe: expected true or false, for example true"],
  [
    { KAFKA_SSL: "true", KAFKA_SSL_CA_FILE: "/nowhere/ca.pem" },
    "KAFKA_SSL_CA_FILE=/nowhere/ca.pem: there is no such file; expected the path of a readable PEM file with certificates, for example /etc/kafka/ca.pem"
  ],
  [
    { KAFKA_SSL_CA_FILE: "/nowhere/ca.pem" },
    "KAFKA_SSL_CA_FILE=/nowhere/ca.pem: without effect while KAFKA_SSL is off: set KAFKA_SSL=true, or leave KAFKA_SSL_CA_FILE out"
  ],
  [{ KAFKA_BOOTSTRAP_SERVERS: "user:TopSecret@host:9092" }, `KAFKA_BOOTSTRAP_SERVERS=<redacted>@host:9092: ${SERVERS}`],
  [
    { TOPIC_RAW_TRADES: "__consumer_offsets" },
    `TOPIC_RAW_TRADES=__consumer_offsets: names that begin with __ are Kafka's own; ${TOPIC} for example raw_trades`
  ],
  [
    { KAFKA_SSL: "true", KAFKA_SSL_CA_FILE: "/dev/zero" },
    "KAFKA_SSL_CA_FILE=/dev/zero: it is no regular file; expected the path of a readable PEM file with certificates, for example /etc/kafka/ca.pem"
  ],
  [
    { KAFKA_SSL: "true", KAFKA_SSL_CA_FILE: "-----BEGIN PRIVATE KEY-----" },
    "KAFKA_SSL_CA_FILE=<redacted>: there is no such file; expected the path of a readable PEM file with certificates, for example /etc/kafka/ca.pem"
  ],
  [
    { KAFKA_SSL: "true", KAFKA_SSL_CERT_FILE: "/" },
    "KAFKA_SSL_KEY_FILE is missing: KAFKA_SSL_CERT_FILE needs it; expected the path of a readable PEM file with a private key, for example /etc/kafka/client.key",
    "KAFKA_SSL_CERT_FILE=/: it is no regular file; expected the path of a readable PEM file with a certificate, for example /etc/kafka/client.pem"
  ],
  [
    { KAFKA_SASL_MECHANISM: "gssapi", KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: "p" },
    "KAFKA_SASL_MECHANISM=gssapi: expected one of plain, scram-sha-256, scram-sha-512, for example scram-sha-512"
  ],
  [
    { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "u" },
    "KAFKA_SASL_PASSWORD is missing: KAFKA_SASL_MECHANISM=plain needs it, or KAFKA_SASL_PASSWORD_FILE; expected a password, for example s3cret"
  ],
  [
    { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_PASSWORD: "hunter2" },
    "KAFKA_SASL_USERNAME is missing: KAFKA_SASL_MECHANISM=plain needs it; expected a user name, for example connector"
  ],
  [
    { KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: "hunter2" },
    `KAFKA_SASL_USERNAME=u: without effect while KAFKA_SASL_MECHANISM is unset: ${SCRAM}`,
    `KAFKA_SASL_PASSWORD: without effect while KAFKA_SASL_MECHANISM is unset: ${SCRAM}`
  ],
  [
    { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD_FILE: "/nowhere/p" },
    "KAFKA_SASL_PASSWORD_FILE: there is no such file; expected the path of a readable file that holds the password, for example /run/secrets/kafka-password"
  ],
  [
    { TOPIC_RAW_TRADES: "raw trades" },
    `TOPIC_RAW_TRADES=raw trades: " " is not allowed; ${TOPIC} for example raw_trades`
  ],
  [
    { TOPIC_RAW_DEPTH: "d".repeat(250) },
    `TOPIC_RAW_DEPTH=${"d".repeat(80)}… (250 characters): it has 250 characters; ${TOPIC} for example raw_depth`
  ],
  [{ TOPIC_RAW_DEPTH: "tiefe-ä" }, `TOPIC_RAW_DEPTH=tiefe-ä: "ä" is not allowed; ${TOPIC} for example raw_depth`],
  [{ TOPIC_CONTINUITY: ".." }, `TOPIC_CONTINUITY=..: ${TOPIC} for example continuity`],
  [
    { TOPIC_PREFIX: "a".repeat(10), TOPIC_RAW_KLINES: "k".repeat(240) },
    `TOPIC_RAW_KLINES=${"k".repeat(80)}… (240 characters): with TOPIC_PREFIX it has 250 characters; ${TOPIC} for example raw_klines`
  ],
  [
    { TOPIC_PREFIX: "a/" },
    "TOPIC_PREFIX=a/: expected the beginning of a topic name: at most 200 of the characters a-z, A-Z, 0-9, dot, _ and -, for example binance."
  ],
  [
    { TOPIC_PREFIX: "p".repeat(245) },
    `TOPIC_PREFIX=${"p".repeat(80)}… (245 characters): expected the beginning of a topic name: at most 200 of the characters a-z, A-Z, 0-9, dot, _ and -, for example binance.`
  ],
  [
    { TOPIC_DEAD_LETTER: "raw_trades" },
    "TOPIC_DEAD_LETTER=raw_trades: TOPIC_RAW_TRADES names the same topic; control records need one of their own"
  ],
  [
    { TOPIC_DEAD_LETTER: "continuity" },
    "TOPIC_CONTINUITY=continuity: TOPIC_DEAD_LETTER names the same topic; control records need one of their own"
  ],
  [{ TOPIC_CREATE: "nope" }, "TOPIC_CREATE=nope: expected true or false, for example false"],
  [{ TOPIC_PARTITIONS: "0" }, "TOPIC_PARTITIONS=0: expected a whole number from 1 to 10000, for example 6"],
  [
    { TOPIC_REPLICATION_FACTOR: "-1" },
    "TOPIC_REPLICATION_FACTOR=-1: expected a whole number from 1 to 1000, for example 3"
  ],
  [{ SINK: "postgres" }, `SINK=postgres: expected one of ${sinkNames.join(", ")}, for example local`],
  [{ FEED: "simulator" }, `FEED=simulator: expected ${feedNames.join(" or ")}, for example replay`],
  [
    { FEED: "replay" },
    "REPLAY_FILE is missing: FEED=replay needs it; expected the path of a readable file with one recorded frame a line, for example frames.ndjson"
  ],
  [
    { FEED: "replay", REPLAY_FILE: "/nowhere/frames.ndjson" },
    "REPLAY_FILE=/nowhere/frames.ndjson: there is no such file; expected the path of a readable file with one recorded frame a line, for example frames.ndjson"
  ],
  [
    { FEED: "replay", REPLAY_FILE: "/" },
    "REPLAY_FILE=/: it is no regular file; expected the path of a readable file with one recorded frame a line, for example frames.ndjson"
  ],
  [{ HTTP_PORT: "99999" }, "HTTP_PORT=99999: expected a port from 1 to 65535, or 0 for off, for example 8080"],
  [
    { HTTP_HOST: "0.0.0.0:8080" },
    "HTTP_HOST=0.0.0.0:8080: expected an address or host name of this machine, without a port, for example 0.0.0.0"
  ],
  [{ LOG_LEVEL: "loud" }, "LOG_LEVEL=loud: expected one of DEBUG, INFO, WARNING, ERROR, for example DEBUG"],
  [{ LOG_FORMAT: "xml" }, "LOG_FORMAT=xml: expected pretty or json, for example json"],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" },
    `OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318: ${HTTP} http://localhost:4318`
  ]
]

describe("a bad setting", () => {
  for (const [written, ...faults] of bad) {
    const title = Object.entries(written)
      .map(([name, value]) => `${name}=${JSON.stringify(value.slice(0, 60))}`)
      .join(" ")
    it.effect(`is told with what is expected: ${title}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* faultsOf(settingsFrom(written)), faults)
      })
    )
  }

  it.effect("is told together with every other", () =>
    Effect.gen(function* () {
      const written = { HTTP_PORT: "99999", BATCH_SIZE: "1.5", KAFKA_ACKS: "2", BINANCE_STREAMS: "btcusdt,ethusdt" }
      const lines = bad.flatMap(([one, ...faults]) =>
        Object.entries(one).every(([name, value]) =>
          Object.entries(written).some((it) => it[0] === name && it[1] === value)
        )
          ? faults
          : []
      )
      assert.strictEqual(lines.length, 3)
      const faults = yield* faultsOf(settingsFrom(written))
      assert.includeMembers([...faults], lines)
      assert.strictEqual(faults.length, 5)
    })
  )

  it.effect("is a line of the error's message", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(settingsFrom({ BATCH_SIZE: "x", KAFKA_ACKS: "x" }))
      assert.strictEqual(
        message,
        `2 bad settings:\n  KAFKA_ACKS=x: expected one of 0, 1, all, for example all\n  BATCH_SIZE=x: ${SIZE}`
      )
    })
  )

  it.effect("never shows a secret", () =>
    Effect.gen(function* () {
      const faults = yield* faultsOf(
        settingsFrom({
          KAFKA_SASL_PASSWORD: "hunter2",
          BINANCE_REST_URL: "ftp://u:hunter2@host",
          BINANCE_WS_URL: "wss://u:hunter2/hunter2@host",
          OTEL_EXPORTER_OTLP_ENDPOINT: `ftp://u:hunter2${"x".repeat(200)}@host`
        })
      )
      assert.strictEqual(faults.length, 4)
      assert.notInclude(faults.join("\n"), "hunter2")
    })
  )
})
