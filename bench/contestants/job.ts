/** What a contestant is given to do. */

export type Compression = "none" | "snappy" | "gzip" | "lz4" | "zstd"
export type Acks = "1" | "all"

export interface Job {
  /** Where the exchange listens on the loopback interface. */
  readonly exchangePort: number
  readonly bootstrap: string
  readonly topicPrefix: string
  readonly streams: ReadonlyArray<string>
  readonly acks: Acks
  readonly compression: Compression
  /** How many connections carry each stream; a contestant that knows no such thing has one. */
  readonly lines: 1 | 2
  /** Its working directory, empty when it is started for the first time. */
  readonly folder: string
  /** Free for its live page, if it has one. */
  readonly httpPort: number
}

/** A stream a line: an environment has no room for thousands. */
export const streamsFile = ({ folder }: Job): string => `${folder}/streams`

export interface Contestant {
  readonly name: string
  readonly about: string
  /** Records end in Kafka; otherwise it says on stdout how many it has counted. */
  readonly storesInKafka: boolean
  /** The arguments of node, and what its environment adds. */
  readonly command: (job: Job) => {
    readonly args: ReadonlyArray<string>
    readonly environment: Readonly<Record<string, string>>
  }
}

/** What every contestant is told, by the names that the connector knows. */
export const commonEnvironment = (job: Job): Readonly<Record<string, string>> => ({
  BINANCE_WS_URL: `ws://127.0.0.1:${job.exchangePort}/stream`,
  BINANCE_STREAMS: job.streams.join(","),
  KAFKA_BOOTSTRAP_SERVERS: job.bootstrap,
  KAFKA_ACKS: job.acks,
  KAFKA_COMPRESSION: job.compression,
  TOPIC_PREFIX: job.topicPrefix
})
