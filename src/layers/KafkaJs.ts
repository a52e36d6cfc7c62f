/** Kafka over kafkajs. */
import { Effect, Layer } from "effect"
import type { GroupSettings } from "../schema/Settings.ts"
import { KafkaDriver } from "../services/KafkaDriver.ts"
import { KafkaInspector } from "../services/KafkaInspector.ts"
import * as Connection from "./kafkajs/Connection.ts"
import * as Driver from "./wire/Driver.ts"
import * as Grouped from "./wire/Grouped.ts"
import * as Inspector from "./wire/Inspector.ts"

export const layer = Layer.effect(KafkaDriver, Effect.flatMap(Connection.make, Driver.make))

export const inspector = Layer.effect(KafkaInspector, Effect.flatMap(Connection.make, Inspector.make))

export const grouped = (group: GroupSettings) =>
  Layer.effectContext(Effect.flatMap(Connection.make, (connect) => Grouped.make(connect, group)))
