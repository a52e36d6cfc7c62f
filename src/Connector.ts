/** The connector: what `run` runs. */
import "./layers/heap.ts"
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Layer, Option } from "effect"
import * as Settings from "./layers/AppConfig.ts"
import * as BinanceStreams from "./layers/BinanceStreams.ts"
import * as Feeds from "./layers/Feeds.ts"
import * as HealthState from "./layers/HealthState.ts"
import * as Launch from "./layers/Launch.ts"
import * as LiveSettings from "./layers/LiveSettings.ts"
import * as Logging from "./layers/Logging.ts"
import * as MetricsExport from "./layers/MetricsExport.ts"
import * as OpsServer from "./layers/OpsServer.ts"
import * as Shards from "./layers/Shards.ts"
import * as Sinks from "./layers/Sinks.ts"
import * as StatusBoard from "./layers/StatusBoard.ts"
import * as SymbolCheck from "./layers/SymbolCheck.ts"
import * as Tracing from "./layers/Tracing.ts"
import * as Ingest from "./pipeline/Ingest.ts"
import { AppConfig } from "./services/AppConfig.ts"

/** Before it connects to anything: which streams there are to carry, and first what an operator asks about it. */
const prepared = <Out, E, R>(parts: Layer.Layer<Out, E, R>) =>
  Layer.merge(parts, SymbolCheck.layer).pipe(
    Layer.provideMerge(BinanceStreams.layer),
    Layer.provide(OpsServer.layer),
    Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer))
  )

/** One pipeline, or in a group one for each shard that is ours. */
const work = Effect.gen(function* () {
  const { group } = yield* AppConfig
  yield* Option.isNone(group)
    ? Effect.provide(Ingest.run, prepared(Layer.merge(Feeds.layer, Sinks.layer)))
    : Effect.provide(Shards.run(group.value), prepared(Shards.layer(group.value)))
})

/** What everything is seen through. */
const Instruments = Layer.mergeAll(Logging.layer, Tracing.layer, MetricsExport.layer)

/** By these settings. */
export const connector = (settings: typeof Settings.layer) =>
  Settings.announce.pipe(
    Effect.andThen(work),
    Launch.logEnd,
    Effect.provide(Instruments.pipe(Layer.provideMerge(LiveSettings.layer), Layer.provideMerge(settings)))
  )

/** Runs it as the process. */
export const main = (): void => Launch.main(connector(Settings.layer))
