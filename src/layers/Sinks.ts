/** The sink that `SINK` chooses. */
import { Effect, Layer } from "effect"
import type { SinkName } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import * as ConsoleSink from "./ConsoleSink.ts"
import * as KafkaClients from "./KafkaClients.ts"
import * as KafkaSink from "./KafkaSink.ts"
import * as LocalLog from "./LocalLog.ts"
import * as Spool from "./Spool.ts"

const sinks = {
  kafka: Spool.layer.pipe(Layer.provideMerge(KafkaSink.releasable), Layer.provide(KafkaClients.driver)),
  local: LocalLog.layer,
  console: ConsoleSink.layer
} satisfies Record<SinkName, Layer.Any>

export const layer = Layer.unwrap(Effect.map(AppConfig, ({ sink }) => sinks[sink]))
