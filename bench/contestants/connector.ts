/** The connector as it is shipped: metrics and spans on, the spool as it is by default. */
import { fileURLToPath } from "node:url"
import type { Contestant, Job } from "./job.ts"

const MAIN = fileURLToPath(new URL("../../dist/Main.js", import.meta.url))

export const environmentOf = (job: Job): Readonly<Record<string, string>> => ({
  BINANCE_WS_URL: `ws://127.0.0.1:${job.exchangePort}/stream`,
  BINANCE_REST_URL: `http://127.0.0.1:${job.exchangePort}`,
  REST_WEIGHT_SHARE: "1",
  BINANCE_STREAMS: job.streams.join(","),
  BINANCE_LINES: String(job.lines),
  KAFKA_BOOTSTRAP_SERVERS: job.bootstrap,
  KAFKA_ACKS: job.acks,
  KAFKA_COMPRESSION: job.compression,
  TOPIC_PREFIX: job.topicPrefix,
  DATA_DIR: `${job.folder}/data`,
  HTTP_PORT: String(HTTP_PORT),
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${job.exchangePort}`
})

/** Of the live page; the runner looks at its metrics. */
export const HTTP_PORT = 18_080

export const connector = (client: "kafkajs" | "platformatic"): Contestant => ({
  name: client === "kafkajs" ? "connector" : `connector-${client}`,
  about: `the connector on ${client}: validation, sequencing, spool, metrics and spans on`,
  storesInKafka: true,
  command: (job) => ({ args: [MAIN], environment: { ...environmentOf(job), KAFKA_CLIENT: client } })
})
