/** The Kafka driver for a test, and records that a careless text conversion would break. */
import { Context, Effect, Layer, Result, Schedule } from "effect"
import * as KafkaClients from "../../../src/layers/KafkaClients.ts"
import type { KafkaSettings } from "../../../src/schema/Settings.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { KafkaDriver, type KafkaError } from "../../../src/services/KafkaDriver.ts"
import { settingsLayer, testSettings } from "../settings.ts"
import type { StoredRecord } from "./records.ts"

export const newTopic = (name: string): string => `${name}-${crypto.randomUUID()}`

export const build = (bootstrap: string, kafka: Partial<KafkaSettings> = {}) =>
  Effect.map(
    Layer.build(
      KafkaClients.driver.pipe(
        Layer.provide(settingsLayer({ kafka: { ...testSettings().kafka, bootstrapServers: [bootstrap], ...kafka } }))
      )
    ),
    (context) => Context.get(context, KafkaDriver)
  )

/** Connected: a broker that has just started may be asked more than once. */
export const connected = (bootstrap: string, kafka: Partial<KafkaSettings> = {}) =>
  Effect.tap(build(bootstrap, kafka), ({ connect }) =>
    Effect.retry(connect, { schedule: Schedule.spaced("100 millis"), while: ({ kind }) => kind === "Busy" })
  )

/** With a new topic of one partition, known to the broker. */
export const withTopic = Effect.fnUntraced(function* (bootstrap: string, kafka: Partial<KafkaSettings> = {}) {
  const driver = yield* connected(bootstrap, kafka)
  const topic = newTopic("topic")
  const creation = yield* driver.create({ name: topic, partitions: 1, replicationFactor: undefined })
  // Said of a new topic, the broker may not know it yet: the one way by which its leader would still have to be asked for.
  if (creation === "existed") {
    yield* driver
      .describe([topic])
      .pipe(Effect.repeat({ until: ({ topics }) => topics.length === 1, schedule: Schedule.spaced("50 millis") }))
  }
  // Its leader is known from here on: a fault that a test makes meets the send, not the search.
  yield* driver.ends(topic, 0)
  return { driver, topic }
})

export const records = (topic: string, count: number, from = 0): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, index) => {
    const n = from + index
    return {
      topic,
      key: n % 3 === 0 ? "币安人生USDT" : `KEY${n}`,
      value: Buffer.concat([Buffer.from([0, 255, 128, n]), Buffer.from(`{"n":${n},"pad":"${"ab".repeat(n * 50)}"}`)]),
      timestamp: 1_700_000_000_000 + n * 1001,
      headers: { "event-id": `id:${n}`, "content-type": "application/json", "x-name": "Łódź" }
    }
  })

/** What a consumer should find of records stored in one partition from offset 0 on. */
export const expected = (partition: number, sent: ReadonlyArray<SinkRecord>): ReadonlyArray<StoredRecord> =>
  sent.map(({ headers, key, timestamp, value }, offset) => ({
    partition,
    offset,
    key,
    value: Buffer.from(value),
    timestamp,
    headers
  }))

/** An offset, or the kind of what went wrong. */
export const outcomeOf = Result.match({
  onSuccess: (offset: number) => offset,
  onFailure: ({ kind }: KafkaError) => kind
})
