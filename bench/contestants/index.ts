/** Who takes part. */
import process from "node:process"
import { Result } from "effect"
import { kafka } from "../../src/schema/settings/kafka.ts"
import { bare } from "./bare/index.ts"
import { build, connector, connectorGroup, connectorNull } from "./connector/index.ts"
import type { Contestant } from "./job.ts"
import { naiveEffect } from "./naive/index.ts"

/** `BENCH_BUILDS=before=/somewhere/dist/Main.js,…`: other builds, beside the others; `before-platformatic=…`: on that. */
const builds = (process.env["BENCH_BUILDS"] ?? "").split(",").flatMap((text) => {
  const [name = "", main = ""] = text.split("=")
  return name === "" ? [] : [build(name, main)]
})

/** On each client that `KAFKA_CLIENT` takes, and other builds. */
export const connectors: ReadonlyArray<Contestant> = [
  ...(["kafkajs", "platformatic"] as const)
    .filter((client) => Result.isSuccess(kafka.client.parse(client)))
    .map(connector),
  ...builds
]

export const bareKafkajs = bare("kafkajs")
export const bareKafkajsSerial = bare("kafkajs", true)
export const barePlatformatic = bare("platformatic")
export const barePlatformaticSerial = bare("platformatic", true)
export { connectorGroup, naiveEffect }

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

export const everyone: ReadonlyArray<Contestant> = [...storing, connectorGroup, ...counting]
