/** The variables of the program itself: where it stores, how it batches, and how it can be watched. */
import { sinkNames, spoolModes } from "../Settings.ts"
import { bytes, flag, host, millis, oneOf, ratio, text, url, whole, wordOf } from "./parsers.ts"
import { optional, variable } from "./Variable.ts"

const MAX_MILLIS = 3_600_000

/** OpenTelemetry's names. All traces begin here, so that those with `parentbased` mean the same. */
const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio"
] as const

export const program = {
  sink: variable(
    {
      name: "SINK",
      default: "kafka",
      expected: `one of ${sinkNames.join(", ")}`,
      example: "local",
      doc: `Where records go: ${sinkNames.map((name) => `\`${name}\``).join(", ")}; \`local\` is a SQLite file in \`DATA_DIR\`, \`console\` JSON lines on stdout`
    },
    wordOf(sinkNames)
  ),
  dataDir: variable(
    {
      name: "DATA_DIR",
      default: "./data",
      expected: "the path of a folder",
      example: "/var/lib/binance",
      doc: "Folder of the local log and of the spool; created if it is missing"
    },
    text
  ),
  spool: variable(
    {
      name: "SPOOL",
      default: "auto",
      expected: `one of ${spoolModes.join(", ")}`,
      example: "always",
      doc: "`auto`: with `SINK=kafka`, what Kafka does not store waits in `DATA_DIR`; `always`: everything is written there first, and not even a kill loses it; `off`"
    },
    wordOf(spoolModes)
  ),
  spoolMaxBytes: variable(
    {
      name: "SPOOL_MAX_BYTES",
      default: "10GiB",
      expected: "a number of bytes, KiB, MiB, GiB or TiB, at least 1 MiB",
      example: "500MiB",
      doc: "The most that waits there"
    },
    bytes(2 ** 20)
  ),
  spoolFsync: variable(
    {
      name: "SPOOL_FSYNC",
      default: "false",
      expected: "true or false",
      example: "true",
      doc: "What waits there outlives a power cut too; every batch then waits for the disk"
    },
    flag
  ),
  batchSize: variable(
    {
      name: "BATCH_SIZE",
      default: "100",
      expected: "a whole number from 1 to 100000",
      example: "100",
      doc: "The most records that one send holds"
    },
    whole(1, 100_000)
  ),
  batchTimeout: variable(
    {
      name: "BATCH_TIMEOUT_MS",
      default: "100",
      expected: `a whole number of milliseconds from 1 to ${MAX_MILLIS}`,
      example: "100",
      doc: "The most that a record waits for its batch to fill, in milliseconds; as a rule it waits less than 10"
    },
    millis(MAX_MILLIS)
  ),
  batchCheckInterval: variable(
    {
      name: "BATCH_CHECK_INTERVAL_MS",
      default: "10",
      expected: `a whole number of milliseconds from 1 to ${MAX_MILLIS}`,
      example: "10",
      doc: "Checked, but without effect: timers made it unnecessary"
    },
    millis(MAX_MILLIS)
  ),
  httpHost: variable(
    {
      name: "HTTP_HOST",
      default: "127.0.0.1",
      expected: "an address or host name of this machine, without a port",
      example: "0.0.0.0",
      doc: "Where the live page, `/status`, `/healthz`, `/readyz` and `/metrics` are served; `0.0.0.0` for everybody"
    },
    host
  ),
  httpPort: variable(
    {
      name: "HTTP_PORT",
      default: "8080",
      expected: "a port from 1 to 65535, or 0 for off",
      example: "8080",
      doc: "Their port; 0 = off"
    },
    whole(0, 65_535)
  ),
  logLevel: variable(
    {
      name: "LOG_LEVEL",
      default: "INFO",
      expected: "one of DEBUG, INFO, WARNING, ERROR",
      example: "DEBUG",
      doc: "`DEBUG`, `INFO`, `WARNING`, `ERROR`"
    },
    oneOf({ DEBUG: "Debug", INFO: "Info", WARNING: "Warn", WARN: "Warn", ERROR: "Error" } as const)
  ),
  logFormat: optional(
    {
      name: "LOG_FORMAT",
      expected: "pretty or json",
      example: "json",
      doc: "`pretty` or `json`; unset: `pretty` on a terminal, else `json`"
    },
    oneOf({ pretty: "pretty", json: "json" } as const)
  ),
  metricsPerStream: variable(
    {
      name: "METRICS_PER_STREAM",
      default: "false",
      expected: "true or false",
      example: "true",
      doc: "`/metrics` lists every stream by itself too: two series a stream"
    },
    flag
  ),
  otelMetricsEndpoint: optional(
    {
      name: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
      expected: "an http: or https: address with its path",
      example: "http://localhost:4318/v1/metrics",
      doc: "Where metrics go by OTLP over HTTP, beside `/metrics`; unset: nowhere. Jaeger takes none"
    },
    url("http:", "https:")
  ),
  otelMetricInterval: variable(
    {
      name: "OTEL_METRIC_EXPORT_INTERVAL",
      default: "60000",
      expected: `a whole number of milliseconds from 1 to ${MAX_MILLIS}`,
      example: "10000",
      doc: "How often they go there, in milliseconds"
    },
    millis(MAX_MILLIS)
  ),
  otelEndpoint: optional(
    {
      name: "OTEL_EXPORTER_OTLP_ENDPOINT",
      expected: "an http: or https: address",
      example: "http://localhost:4318",
      doc: "Where traces, and they alone, go by OTLP over HTTP; unset: nowhere"
    },
    url("http:", "https:")
  ),
  otelServiceName: variable(
    {
      name: "OTEL_SERVICE_NAME",
      default: "binance-kafka-connector",
      expected: "a name",
      example: "binance-btc",
      doc: "What traces and exported metrics call this program"
    },
    text
  ),
  otelSampler: variable(
    {
      name: "OTEL_TRACES_SAMPLER",
      default: "parentbased_traceidratio",
      expected: `one of ${SAMPLERS.join(", ")}`,
      example: "always_on",
      doc: "Which batches are traced: a share (`traceidratio`), all (`always_on`), or nothing at all (`always_off`)"
    },
    wordOf(SAMPLERS)
  ),
  otelSamplerArg: variable(
    {
      name: "OTEL_TRACES_SAMPLER_ARG",
      default: "0.01",
      expected: "a number from 0 to 1",
      example: "0.1",
      doc: "That share; connections and gaps are always traced"
    },
    ratio
  )
} as const
