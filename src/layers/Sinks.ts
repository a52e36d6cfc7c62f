/** The sink that `SINK` chooses. */
import { Effect, Layer } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import * as ConsoleSink from "./ConsoleSink.ts"
import * as KafkaJs from "./KafkaJs.ts"
import * as KafkaSink from "./KafkaSink.ts"
import * as LocalLog from "./LocalLog.ts"

const sinks = {
  kafka: KafkaSink.layer.pipe(Layer.provide(KafkaJs.layer)),
  local: LocalLog.layer,
  console: ConsoleSink.layer
}

export const layer = Layer.unwrap(Effect.map(AppConfig, ({ sink }) => sinks[sink]))
