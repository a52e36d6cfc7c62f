/** The program's settings, decoded: what everything inside reads. */
import type { Array as Arr, Duration, Option, Redacted } from "effect"
import type { StreamName } from "./StreamName.ts"

/** What `FEED` may name; `layers/Feeds` holds the layer of each. */
export const feedNames = ["binance", "replay"] as const
export type FeedName = (typeof feedNames)[number]

/** What `SINK` may name; `layers/Sinks` holds the layer of each. */
export const sinkNames = ["kafka", "local", "console"] as const
export type SinkName = (typeof sinkNames)[number]

export type Compression = "none" | "snappy" | "gzip" | "lz4" | "zstd"
export type Acks = "0" | "1" | "all"
export type SaslMechanism = "plain" | "scram-sha-256" | "scram-sha-512"

export interface Tls {
  /** PEM texts; the system's authorities where `ca` is none. */
  readonly ca: Option.Option<string>
  readonly cert: Option.Option<string>
  readonly key: Option.Option<Redacted.Redacted<string>>
}

export interface Sasl {
  readonly mechanism: SaslMechanism
  readonly username: string
  readonly password: Redacted.Redacted<string>
}

export interface KafkaSettings {
  readonly bootstrapServers: ReadonlyArray<string>
  readonly clientId: string
  readonly compression: Compression
  readonly acks: Acks
  readonly tls: Option.Option<Tls>
  readonly sasl: Option.Option<Sasl>
}

export interface TopicSettings {
  /** Topic by kind name, prefix applied. */
  readonly data: ReadonlyMap<string, string>
  readonly deadLetter: string
  readonly continuity: string
  /** Create what is missing. */
  readonly create: boolean
  readonly partitions: number
  /** `None`: the broker's default. */
  readonly replicationFactor: Option.Option<number>
}

export interface Settings {
  readonly feed: FeedName
  readonly sink: SinkName
  readonly replayFile: Option.Option<string>
  readonly binance: {
    readonly wsUrl: URL
    /** Asked in turn. */
    readonly restUrls: Arr.NonEmptyReadonlyArray<URL>
    /** Of the weight that the exchange allows an address, 0 to 1. */
    readonly restWeightShare: number
    readonly streams: ReadonlyArray<StreamName>
    /** Zero: no client pings. */
    readonly pingInterval: Duration.Duration
    readonly reconnectMaxDelay: Duration.Duration
    readonly connectionTimeout: Duration.Duration
    readonly silenceTimeout: Duration.Duration
  }
  readonly kafka: KafkaSettings
  readonly topics: TopicSettings
  readonly batch: { readonly size: number; readonly timeout: Duration.Duration }
  readonly dataDir: string
  /** Port 0: off. */
  readonly http: { readonly host: string; readonly port: number }
  readonly log: { readonly level: "Debug" | "Info" | "Warn" | "Error"; readonly format: "pretty" | "json" }
  readonly otel: { readonly endpoint: Option.Option<URL>; readonly serviceName: string }
  /** What to warn of at the start: names that are probably mistyped, variables without effect. */
  readonly notices: ReadonlyArray<string>
  /** By variable, as written or by default, for people: secrets are redacted, what is unset is left out. */
  readonly shown: Readonly<Record<string, string>>
}
