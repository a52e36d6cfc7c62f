/** The connector: what `run` runs. */
import "./layers/v8.ts"
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Layer, Option } from "effect"
import * as Settings from "./layers/AppConfig.ts"
import * as Feeds from "./layers/Feeds.ts"
import * as Launch from "./layers/Launch.ts"
import * as LiveSettings from "./layers/LiveSettings.ts"
import * as Logging from "./layers/Logging.ts"
import * as MetricsExport from "./layers/MetricsExport.ts"
import * as Shards from "./layers/Shards.ts"
import * as Sinks from "./layers/Sinks.ts"
import * as Surroundings from "./layers/Surroundings.ts"
import * as Tracing from "./layers/Tracing.ts"
import * as Ingest from "./pipeline/Ingest.ts"
import { AppConfig } from "./services/AppConfig.ts"

/** One pipeline, or in a group one for each shard that is ours. */
const work = Effect.gen(function* () {
  const { group } = yield* AppConfig
  yield* Option.isNone(group)
    ? Effect.provide(Ingest.run, Surroundings.of(Layer.merge(Feeds.layer, Sinks.layer)))
    : Effect.provide(Shards.run(group.value), Surroundings.of(Shards.layer(group.value)))
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
