/** The client that `KAFKA_CLIENT` chooses; the other one is not even loaded. */
import { Effect, Layer } from "effect"
import type { GroupSettings, KafkaClient } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import type { FencedKafka } from "../services/FencedKafka.ts"
import type { KafkaDriver } from "../services/KafkaDriver.ts"
import type { KafkaGroup } from "../services/KafkaGroup.ts"
import type { KafkaInspector } from "../services/KafkaInspector.ts"

interface Client {
  readonly layer: Layer.Layer<KafkaDriver, never, AppConfig>
  readonly inspector: Layer.Layer<KafkaInspector, never, AppConfig>
  readonly grouped: (group: GroupSettings) => Layer.Layer<KafkaDriver | FencedKafka | KafkaGroup, never, AppConfig>
}

const clients: Record<KafkaClient, () => Promise<Client>> = {
  kafkajs: () => import("./KafkaJs.ts"),
  platformatic: () => import("./Platformatic.ts")
}

const chosen = Effect.flatMap(AppConfig, ({ kafka }) => Effect.promise(clients[kafka.client]))

export const driver = Layer.unwrap(Effect.map(chosen, ({ layer }) => layer))

export const inspector = Layer.unwrap(Effect.map(chosen, ({ inspector }) => inspector))

/** For a process in a group. */
export const grouped = (group: GroupSettings) => Layer.unwrap(Effect.map(chosen, ({ grouped }) => grouped(group)))
