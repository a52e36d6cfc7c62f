/** The connector, but for one trade that it takes for stored and never stores: the 200th of those of `LOSES` (a symbol). */
import "effect/schema/SchemaJITCompiler/enable"
import process from "node:process"
import { Effect, Layer } from "effect"
import * as AppConfig from "../../src/layers/AppConfig.ts"
import * as Feeds from "../../src/layers/Feeds.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as Launch from "../../src/layers/Launch.ts"
import * as Logging from "../../src/layers/Logging.ts"
import * as OpsServer from "../../src/layers/OpsServer.ts"
import * as Sinks from "../../src/layers/Sinks.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"

let seen = 0
const isLost = ({ key }: SinkRecord): boolean => {
  const lost = key === process.env["LOSES"] && ++seen === 200
  if (lost) process.stderr.write("One trade is lost\n")
  return lost
}

const Lossy = Layer.effect(
  EventSink,
  Effect.map(EventSink, (sink) =>
    EventSink.of({ ...sink, publish: (batch) => sink.publish(batch.filter((record) => !isLost(record))) })
  )
).pipe(Layer.provideMerge(Sinks.layer))

const Connector = Layer.mergeAll(Feeds.layer, Lossy).pipe(
  Layer.provide(OpsServer.layer),
  Layer.provideMerge(HealthState.layer)
)

Ingest.run.pipe(
  Effect.provide(Connector),
  Launch.logEnd,
  Effect.provide(Logging.layer.pipe(Layer.provideMerge(AppConfig.layer))),
  Launch.main
)
