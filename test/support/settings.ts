/** Settings for tests: the program's defaults, with what a test cares about put in their place. */
import { Duration, Layer, Option, Result } from "effect"
import { streamKinds } from "../../src/schema/kinds/registry.ts"
import { spot, usdm } from "../../src/schema/Market.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import { parseStreamName, type StreamName } from "../../src/schema/StreamName.ts"
import { AppConfig } from "../../src/services/AppConfig.ts"

export const streamNames = (...names: ReadonlyArray<string>): ReadonlyArray<StreamName> =>
  names.map((name) => Result.getOrThrow(parseStreamName(name)))

export const usdmNames = (...names: ReadonlyArray<string>): ReadonlyArray<StreamName> =>
  names.map((name) => Result.getOrThrow(parseStreamName(name, usdm)))

/** Shallow: a section that is given replaces the whole section. */
export const testSettings = (overrides: Partial<Settings> = {}): Settings => ({
  feed: "binance",
  sink: "kafka",
  replayFile: Option.none(),
  replaySpeed: Infinity,
  binance: {
    market: spot,
    restUrls: [new URL("http://127.0.0.1:1")],
    restWeightShare: 0.5,
    wsUrls: [new URL("ws://127.0.0.1:1/stream")],
    lines: 1,
    streams: streamNames("btcusdt@trade"),
    patterns: [],
    streamsFile: Option.none(),
    symbolsRefresh: Duration.zero,
    pingInterval: Duration.zero,
    reconnectMaxDelay: Duration.seconds(60),
    connectionTimeout: Duration.seconds(10),
    silenceTimeout: Duration.seconds(60),
    streamStale: Option.none(),
    rollover: { after: Duration.hours(23), window: Option.none() }
  },
  kafka: {
    client: "kafkajs",
    bootstrapServers: ["127.0.0.1:1"],
    clientId: "binance-kafka-connector",
    patches: true,
    compression: "snappy",
    acks: "1",
    tls: Option.none(),
    sasl: Option.none()
  },
  topics: {
    data: new Map(streamKinds.map(({ name, topic }) => [name, topic.default])),
    deadLetter: "dead_letter",
    continuity: "continuity",
    positions: "positions",
    shards: "shards",
    create: true,
    partitions: 6,
    replicationFactor: Option.none()
  },
  group: Option.none(),
  gaps: { wait: Duration.seconds(120), resumeMax: Duration.hours(1) },
  batch: { size: 100, timeout: Duration.millis(100) },
  dataDir: "./data",
  spool: { mode: "off", maxBytes: 10 * 2 ** 30, fsync: false },
  http: { host: "127.0.0.1", port: 0 },
  log: { level: "Info", format: "json" },
  metrics: { perStream: false, endpoint: Option.none(), exportInterval: Duration.minutes(1) },
  otel: { endpoint: Option.none(), serviceName: "binance-kafka-connector", ratio: 1 },
  notices: [],
  shown: {},
  ...overrides
})

export const settingsLayer = (overrides: Partial<Settings> = {}): Layer.Layer<AppConfig> =>
  Layer.succeed(AppConfig, testSettings(overrides))
