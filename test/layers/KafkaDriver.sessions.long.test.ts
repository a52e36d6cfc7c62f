import { assert, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { SaslMechanism } from "../../src/schema/Settings.ts"
import { type SecureBroker, startSecureBroker } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { connected, newTopic, records } from "../support/kafka/driver.ts"
import { ACCOUNT } from "../support/kafka/properties.ts"

/** How long a login lasts. */
const SESSION_MS = 2000
const SESSIONS = 4

// Not kafkajs: it logs in again 10 s before the end, and in between requests that it is still making.
const client = "platformatic"
const mechanisms: ReadonlyArray<SaslMechanism> = ["plain", "scram-sha-512"]

describeKafka("KafkaDriver with sessions that end (KIP-368)", () => {
  let broker: SecureBroker
  beforeAll(async () => {
    broker = await startSecureBroker({ "connections.max.reauth.ms": String(SESSION_MS) })
  })
  afterAll(() => broker.remove())

  it.live.each(mechanisms)(`sends on over ${client} (%s), several partitions at a time`, (mechanism) =>
    Effect.gen(function* () {
      const sasl = Option.some({ mechanism, username: ACCOUNT.username, password: Redacted.make(ACCOUNT.password) })
      const driver = yield* connected(broker.sasl, { client, acks: "all", sasl })
      const topic = newTopic("sessions")
      yield* driver.create({ name: topic, partitions: 4, replicationFactor: undefined })
      const until = performance.now() + SESSIONS * SESSION_MS
      const sends = yield* Effect.forEach(
        [0, 1, 2, 3],
        Effect.fnUntraced(function* (partition) {
          let stored = 0
          for (; performance.now() < until; stored++) {
            assert.strictEqual(yield* driver.produce(topic, partition, records(topic, 1, stored % 50)), stored)
          }
          return stored
        }),
        { concurrency: "unbounded" }
      )
      for (const count of sends) assert.isAbove(count, 0)
    })
  )
})
