/**
 * The library: `run` for those who know no Effect; the services, the layers and the pipeline for those who do.
 *
 * ```ts
 * import { run } from "binance-kafka-connector"
 *
 * const stop = new AbortController()
 * await run({
 *   settings: { BINANCE_STREAMS: "btcusdt@trade", HTTP_PORT: "0" },
 *   signal: stop.signal,
 *   store: async (batch) => console.log(batch.length)
 * })
 * ```
 */
import "effect/schema/SchemaJITCompiler/enable"
import { Cause, Effect, Exit, Layer, Predicate } from "effect"
import * as AppConfig from "./layers/AppConfig.ts"
import * as BinanceStreams from "./layers/BinanceStreams.ts"
import * as Feeds from "./layers/Feeds.ts"
import * as HealthState from "./layers/HealthState.ts"
import * as Logging from "./layers/Logging.ts"
import * as OpsServer from "./layers/OpsServer.ts"
import * as PromiseSink from "./layers/PromiseSink.ts"
import * as Sinks from "./layers/Sinks.ts"
import * as StatusBoard from "./layers/StatusBoard.ts"
import * as SymbolCheck from "./layers/SymbolCheck.ts"
import * as Tracing from "./layers/Tracing.ts"
import * as Ingest from "./pipeline/Ingest.ts"

export * as Audit from "./pipeline/Audit.ts"
export * as Certificate from "./pipeline/Certificate.ts"
export * as ContinuityRecord from "./pipeline/ContinuityRecord.ts"
export * as Decoder from "./pipeline/Decoder.ts"
export * as GapLedger from "./pipeline/GapLedger.ts"
export * as Records from "./pipeline/Records.ts"
export * as Repair from "./pipeline/Repair.ts"
export * as Verify from "./pipeline/Verify.ts"
export * from "./schema/Continuity.ts"
export * from "./schema/Envelope.ts"
export * from "./schema/Settings.ts"
export type * from "./schema/SinkRecord.ts"
export type * from "./schema/StreamKind.ts"
export * from "./schema/StatusReport.ts"
export * from "./schema/StreamName.ts"
export { streamKinds } from "./schema/kinds/registry.ts"
export { type Market, markets } from "./schema/Market.ts"
export { AppConfig, SettingsError } from "./services/AppConfig.ts"
export * from "./services/EventSink.ts"
export * from "./services/ExchangeInfo.ts"
export * from "./services/Health.ts"
export * from "./services/KafkaDriver.ts"
export * from "./services/MarketFeed.ts"
export * from "./services/MarketHistory.ts"
export * from "./services/Positions.ts"
export * from "./services/TopicReader.ts"
export * from "./services/ReleasableSink.ts"
export * from "./services/Spool.ts"
export * from "./services/Status.ts"
export { type Change, Streams, type StreamsService } from "./services/Streams.ts"
export * as Telemetry from "./services/Telemetry.ts"
export * as AppConfigLayer from "./layers/AppConfig.ts"
export * as BinanceHistory from "./layers/BinanceHistory.ts"
export * as BinanceRest from "./layers/BinanceRest.ts"
export * as BinanceStreams from "./layers/BinanceStreams.ts"
export * as BinanceWebSocket from "./layers/BinanceWebSocket.ts"
export * as ConsoleSink from "./layers/ConsoleSink.ts"
export * as Feeds from "./layers/Feeds.ts"
export * as HealthState from "./layers/HealthState.ts"
export * as KafkaClients from "./layers/KafkaClients.ts"
export * as KafkaJs from "./layers/KafkaJs.ts"
export * as KafkaSink from "./layers/KafkaSink.ts"
export * as KafkaTopicReader from "./layers/KafkaTopicReader.ts"
export * as LocalLog from "./layers/LocalLog.ts"
export * as LocalLogReader from "./layers/LocalLogReader.ts"
export * as LocalTopicReader from "./layers/LocalTopicReader.ts"
export * as Logging from "./layers/Logging.ts"
export * as MemoryExchangeInfo from "./layers/MemoryExchangeInfo.ts"
export * as MemoryFeed from "./layers/MemoryFeed.ts"
export * as MemoryHistory from "./layers/MemoryHistory.ts"
export * as MemoryKafka from "./layers/MemoryKafka.ts"
export * as MemorySink from "./layers/MemorySink.ts"
export * as MemoryStreams from "./layers/MemoryStreams.ts"
export * as MemoryTopicReader from "./layers/MemoryTopicReader.ts"
export * as OpsServer from "./layers/OpsServer.ts"
export * as PromiseSink from "./layers/PromiseSink.ts"
export * as ReplayFeed from "./layers/ReplayFeed.ts"
export * as Sinks from "./layers/Sinks.ts"
export * as SpoolLayer from "./layers/Spool.ts"
export * as StatusBoard from "./layers/StatusBoard.ts"
export * as SymbolCheck from "./layers/SymbolCheck.ts"
export * as TopicReaders from "./layers/TopicReaders.ts"
export * as Tracing from "./layers/Tracing.ts"
export * as Simulator from "./simulator/Simulator.ts"
export * as Ingest from "./pipeline/Ingest.ts"

export interface RunOptions {
  /** Settings by the names of their variables; what is left out has its default. The environment is not read. */
  readonly settings?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Stops the connector: it drains, then the promise resolves. */
  readonly signal?: AbortSignal
  /** Takes the place of the sink that `SINK` names. */
  readonly store?: PromiseSink.Store
}

/** JavaScript may pass numbers, and what it does not have itself (`process.env.BATCH_SIZE`). */
const textsOf = (settings: NonNullable<RunOptions["settings"]>) =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => Predicate.isNotNullish(value))
      .map(([name, value]) => [name, String(value)])
  )

/** Runs the connector until its feed ends or the signal aborts; rejects with the reason of any other end. */
export const run = async ({ settings = {}, signal, store }: RunOptions = {}): Promise<void> => {
  const sink = store === undefined ? Sinks.layer : PromiseSink.layer(store)
  const connector = Layer.mergeAll(Feeds.layer, sink, SymbolCheck.layer).pipe(
    Layer.provideMerge(BinanceStreams.layer),
    Layer.provide(OpsServer.layer),
    Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer))
  )
  const foundation = Layer.mergeAll(Logging.layer, Tracing.layer).pipe(
    Layer.provideMerge(AppConfig.layerFromRecord(textsOf(settings)))
  )
  const exit = await Effect.runPromiseExit(
    AppConfig.announce.pipe(Effect.andThen(Effect.provide(Ingest.run, connector)), Effect.provide(foundation)),
    signal === undefined ? {} : { signal }
  )
  if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause)
}
