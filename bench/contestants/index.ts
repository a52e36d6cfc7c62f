/** Who takes part. */
import { Result } from "effect"
import { kafka } from "../../src/schema/settings/kafka.ts"
import { bare } from "./bare/index.ts"
import { connector, connectorNull } from "./connector/index.ts"
import type { Contestant } from "./job.ts"
import { naiveEffect } from "./naive/index.ts"

/** On each client that `KAFKA_CLIENT` takes. */
export const connectors: ReadonlyArray<Contestant> = (["kafkajs", "platformatic"] as const)
  .filter((client) => Result.isSuccess(kafka.client.parse(client)))
  .map(connector)

export const bareKafkajs = bare("kafkajs")
export const bareKafkajsSerial = bare("kafkajs", true)
export const barePlatformatic = bare("platformatic")
export const barePlatformaticSerial = bare("platformatic", true)
export { naiveEffect }

/** Those that store in Kafka. */
export const storing: ReadonlyArray<Contestant> = [
  ...connectors,
  bareKafkajs,
  bareKafkajsSerial,
  barePlatformatic,
  barePlatformaticSerial,
  naiveEffect
]

/** Those that only count. */
export const counting: ReadonlyArray<Contestant> = [connectorNull, bare("null")]

export const everyone: ReadonlyArray<Contestant> = [...storing, ...counting]
