/** A suite that needs the run's broker; skipped where there is none (`kafkaSetup.ts` says so). */
import { describe, inject } from "vitest"

/** `host:port` of the run's broker. */
export const kafkaBootstrap = inject("kafkaBootstrap")

export const describeKafka = describe.skipIf(kafkaBootstrap === "")
