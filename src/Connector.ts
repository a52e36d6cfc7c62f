/** The connector: what `run` runs. */
import "./layers/heap.ts"
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Layer } from "effect"
import * as AppConfig from "./layers/AppConfig.ts"
import * as BinanceStreams from "./layers/BinanceStreams.ts"
import * as Feeds from "./layers/Feeds.ts"
import * as HealthState from "./layers/HealthState.ts"
import * as Launch from "./layers/Launch.ts"
import * as LiveSettings from "./layers/LiveSettings.ts"
import * as Logging from "./layers/Logging.ts"
import * as MetricsExport from "./layers/MetricsExport.ts"
import * as OpsServer from "./layers/OpsServer.ts"
import * as Sinks from "./layers/Sinks.ts"
import * as StatusBoard from "./layers/StatusBoard.ts"
import * as SymbolCheck from "./layers/SymbolCheck.ts"
import * as Tracing from "./layers/Tracing.ts"
import * as Ingest from "./pipeline/Ingest.ts"

/** What the pipeline joins; before that which streams it carries, and first what an operator asks about it. */
const Connector = Layer.mergeAll(Feeds.layer, Sinks.layer, SymbolCheck.layer).pipe(
  Layer.provideMerge(BinanceStreams.layer),
  Layer.provide(OpsServer.layer),
  Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer))
)

/** What everything is seen through. */
const Instruments = Layer.mergeAll(Logging.layer, Tracing.layer, MetricsExport.layer)

/** By these settings. */
export const connector = (settings: typeof AppConfig.layer) =>
  AppConfig.announce.pipe(
    Effect.andThen(Ingest.run.pipe(Effect.provide(Connector))),
    Launch.logEnd,
    Effect.provide(Instruments.pipe(Layer.provideMerge(LiveSettings.layer), Layer.provideMerge(settings)))
  )

/** Runs it as the process. */
export const main = (): void => Launch.main(connector(AppConfig.layer))
