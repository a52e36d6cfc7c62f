/** One broker for all the tests of a run that need one. Where none can be had they are skipped, loudly; in CI that fails. */
import type { TestProject } from "vitest/node"
import { startBroker } from "./kafka/broker.ts"
import { KafkaUnavailable } from "./kafka/jars.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** `host:port`; empty where there is none. */
    kafkaBootstrap: string
  }
}

export default async function setup(project: TestProject) {
  try {
    const broker = await startBroker()
    project.provide("kafkaBootstrap", broker.bootstrap)
    return broker.remove
  } catch (error) {
    if (!(error instanceof KafkaUnavailable) || process.env["CI"] === "true") throw error
    process.stderr.write(`\n  SKIPPED: every test that needs a Kafka broker. ${error.message}.\n\n`)
    project.provide("kafkaBootstrap", "")
    return undefined
  }
}
