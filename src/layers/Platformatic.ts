/** Kafka over @platformatic/kafka. */
import { Layer } from "effect"
import type { GroupSettings } from "../schema/Settings.ts"
import { KafkaDriver } from "../services/KafkaDriver.ts"
import { KafkaInspector } from "../services/KafkaInspector.ts"
import { connect } from "./platformatic/Connection.ts"
import * as Driver from "./wire/Driver.ts"
import * as Grouped from "./wire/Grouped.ts"
import * as Inspector from "./wire/Inspector.ts"

export const layer = Layer.effect(KafkaDriver, Driver.make(connect))

export const inspector = Layer.effect(KafkaInspector, Inspector.make(connect))

export const grouped = (group: GroupSettings) => Layer.effectContext(Grouped.make(connect, group))
