/** The connector as it is shipped: metrics and spans on, the spool as it is by default. */
import { fileURLToPath } from "node:url"
import { commonEnvironment, type Contestant, type Job, streamsFile } from "../job.ts"

const MAIN = fileURLToPath(new URL("../../../dist/Main.js", import.meta.url))
const NULL_SINK = fileURLToPath(new URL("nullSink.ts", import.meta.url))

const environmentOf = (job: Job): Readonly<Record<string, string>> => ({
  ...commonEnvironment(job),
  BINANCE_REST_URL: `http://127.0.0.1:${job.exchangePort}`,
  BINANCE_LINES: String(job.lines),
  REST_WEIGHT_SHARE: "1",
  DATA_DIR: `${job.folder}/data`,
  HTTP_PORT: String(job.httpPort),
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${job.exchangePort}`
})

/** Another build, to see what a change has brought; on platformatic if its name ends so. */
export const build = (name: string, main: string): Contestant => ({
  name,
  about: `the connector as it was built to ${main}`,
  storesInKafka: true,
  command: (job) => ({
    args: [main],
    environment: { ...environmentOf(job), KAFKA_CLIENT: name.endsWith("-platformatic") ? "platformatic" : "kafkajs" }
  })
})

export const connector = (client: "kafkajs" | "platformatic"): Contestant => ({
  name: client === "kafkajs" ? "connector" : `connector-${client}`,
  about: `the connector on ${client}: validation, sequencing, spool, metrics and spans on`,
  storesInKafka: true,
  command: (job) => ({ args: [MAIN], environment: { ...environmentOf(job), KAFKA_CLIENT: client } })
})

/** In a group of its own: a shard at a time is fenced, and stores with a producer of its own. `KAFKA_ACKS` is `all` then. */
export const connectorGroup: Contestant = {
  name: "connector-group",
  about: "the connector with GROUP_ID: twelve shards, each fenced",
  storesInKafka: true,
  command: (job) => {
    const { BINANCE_STREAMS: _, KAFKA_ACKS: __, ...environment } = environmentOf(job)
    const ours = { GROUP_ID: `${job.topicPrefix}group`, STREAMS_FILE: streamsFile(job) }
    return { args: [MAIN], environment: { ...environment, ...ours } }
  }
}

export const connectorNull: Contestant = {
  name: "connector-null",
  about: "the connector's pipeline over a sink that counts; no spool",
  storesInKafka: false,
  command: (job) => ({ args: [NULL_SINK], environment: environmentOf(job) })
}
