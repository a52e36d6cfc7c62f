/** The program's settings, decoded: what everything inside reads. */
import type { Array as Arr, Duration, Option, Redacted } from "effect"
import type { Market } from "./Market.ts"
import type { StreamName } from "./StreamName.ts"
import type { StreamPattern } from "./StreamPattern.ts"

/** What `FEED` may name; `layers/Feeds` holds the layer of each. */
export const feedNames = ["binance", "replay"] as const
export type FeedName = (typeof feedNames)[number]

/** What `SINK` may name; `layers/Sinks` holds the layer of each. */
export const sinkNames = ["kafka", "local", "console"] as const
export type SinkName = (typeof sinkNames)[number]

/** What `KAFKA_CLIENT` may name; `layers/KafkaClients` holds the layers of each. */
export const kafkaClients = ["kafkajs", "platformatic"] as const
export type KafkaClient = (typeof kafkaClients)[number]

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
  readonly client: KafkaClient
  readonly bootstrapServers: ReadonlyArray<string>
  readonly clientId: string
  /** What makes kafkajs faster. */
  readonly patches: boolean
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
  readonly positions: string
  /** Made and written only in a group. */
  readonly shards: string
  /** Create what is missing. */
  readonly create: boolean
  readonly partitions: number
  /** `None`: the broker's default. */
  readonly replicationFactor: Option.Option<number>
}

/** A span of every day, in UTC from midnight; it ends the next day if its end is before its start. */
export interface DailyWindow {
  readonly start: Duration.Duration
  readonly end: Duration.Duration
}

/** When connections are replaced before the exchange would cut them. */
export interface RolloverSettings {
  readonly after: Duration.Duration
  readonly window: Option.Option<DailyWindow>
}

/** `auto`: while the sink does not store; `always`: everything, before it goes to the sink. */
export const spoolModes = ["auto", "always", "off"] as const
export type SpoolMode = (typeof spoolModes)[number]

export interface SpoolSettings {
  readonly mode: SpoolMode
  readonly maxBytes: number
  readonly fsync: boolean
}

/** Processes that share the streams. */
export interface GroupSettings {
  readonly id: string
  /** Into so many the streams are divided. */
  readonly shards: number
  readonly sessionTimeout: Duration.Duration
}

export interface Settings {
  readonly feed: FeedName
  readonly sink: SinkName
  readonly replayFile: Option.Option<string>
  /** Times as fast as the frames were received; `Infinity`: as fast as they are taken. */
  readonly replaySpeed: number
  readonly binance: {
    readonly market: Market
    /** Asked in turn. */
    readonly restUrls: Arr.NonEmptyReadonlyArray<URL>
    /** Of the weight that the exchange allows an address, 0 to 1. */
    readonly restWeightShare: number
    /** The combined form's addresses, all in the same time unit. */
    readonly wsUrls: readonly [URL, ...ReadonlyArray<URL>]
    /** How often every stream is carried. */
    readonly lines: 1 | 2
    /** Those named outright, and what the exchange's list of symbols decides. */
    readonly streams: ReadonlyArray<StreamName>
    readonly patterns: ReadonlyArray<StreamPattern>
    /** Where they come from, if not from the environment. */
    readonly streamsFile: Option.Option<string>
    /** Between looks at the exchange's symbols. Zero: only at the start. */
    readonly symbolsRefresh: Duration.Duration
    /** Zero: no client pings. */
    readonly pingInterval: Duration.Duration
    readonly reconnectMaxDelay: Duration.Duration
    readonly connectionTimeout: Duration.Duration
    readonly silenceTimeout: Duration.Duration
    /** How long any stream may be silent; none: only those with a cadence are watched, each by its own. */
    readonly streamStale: Option.Option<Duration.Duration>
    readonly rollover: RolloverSettings
  }
  readonly kafka: KafkaSettings
  readonly topics: TopicSettings
  /** `None`: this process has all streams. */
  readonly group: Option.Option<GroupSettings>
  readonly gaps: {
    /** How long a hole may get nothing new from the exchange's history until live goes on beyond it. */
    readonly wait: Duration.Duration
    /** A hole over more time is not caught up in place. */
    readonly resumeMax: Duration.Duration
  }
  readonly batch: { readonly size: number; readonly timeout: Duration.Duration }
  readonly dataDir: string
  readonly spool: SpoolSettings
  /** Port 0: off. */
  readonly http: { readonly host: string; readonly port: number }
  readonly log: { readonly level: "Debug" | "Info" | "Warn" | "Error"; readonly format: "pretty" | "json" }
  /** `perStream`: metrics of every stream by itself, too. */
  readonly metrics: {
    readonly perStream: boolean
    /** Where they are sent by OTLP beside being served; the whole address. */
    readonly endpoint: Option.Option<URL>
    readonly exportInterval: Duration.Duration
  }
  readonly otel: {
    /** `None`: there are no traces. */
    readonly endpoint: Option.Option<URL>
    readonly serviceName: string
    /** Of batches that are traced, 0 to 1. */
    readonly ratio: number
  }
  /** What to warn of at the start: names that are probably mistyped, variables without effect. */
  readonly notices: ReadonlyArray<string>
  /** By variable, as written or by default, for people: secrets are redacted, what is unset is left out. */
  readonly shown: Readonly<Record<string, string>>
}
