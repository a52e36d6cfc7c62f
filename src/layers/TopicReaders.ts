/** Reads back what the sink that `SINK` chooses has stored. */
import { Effect, Layer } from "effect"
import type { SinkName } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { TopicReader, TopicReadError } from "../services/TopicReader.ts"
import * as KafkaClients from "./KafkaClients.ts"
import * as KafkaTopicReader from "./KafkaTopicReader.ts"
import * as LocalTopicReader from "./LocalTopicReader.ts"

const unreadable = new TopicReadError({
  message: "SINK=console keeps nothing that could be read: expected kafka or local"
})

const readers = {
  kafka: KafkaTopicReader.layer.pipe(Layer.provide(KafkaClients.driver)),
  local: LocalTopicReader.layer,
  console: Layer.effect(TopicReader, Effect.fail(unreadable))
} satisfies Record<SinkName, Layer.Any>

export const layer = Layer.unwrap(Effect.map(AppConfig, ({ sink }) => readers[sink]))
