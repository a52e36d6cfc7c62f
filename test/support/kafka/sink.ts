/** The Kafka sink on a real broker, and a stream of numbered records to be found there again. */
import { assert } from "@effect/vitest"
import { Clock, Context, Deferred, Effect, Layer, Logger } from "effect"
import * as KafkaClients from "../../../src/layers/KafkaClients.ts"
import * as KafkaSink from "../../../src/layers/KafkaSink.ts"
import type { KafkaSettings } from "../../../src/schema/Settings.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { EventSink } from "../../../src/services/EventSink.ts"
import * as HealthProbe from "../healthProbe.ts"
import { settingsLayer, testSettings } from "../settings.ts"
import { readTopic, type StoredRecord } from "./records.ts"

export const KEYS = Array.from({ length: 12 }, (_, n) => `SYMBOL${n}`)

/**
 * Numbered records of one topic, as old as the test: a broker forgets its idempotent producers by the age of their records,
 * and with older ones a restart would make it store a repeated batch twice.
 */
export const makeSource = Effect.fnUntraced(function* (topic: string) {
  const now = yield* Clock.currentTimeMillis
  const published: Array<SinkRecord> = []
  return {
    published,
    next: (count: number): ReadonlyArray<SinkRecord> => {
      const batch = Array.from({ length: count }, (_, n): SinkRecord => {
        const number = published.length + n
        const key = KEYS[number % KEYS.length] ?? ""
        return {
          topic,
          key,
          value: Buffer.from(`{"n":${number},"padding":"${"x".repeat(200)}"}`),
          timestamp: now,
          headers: { "event-id": `${key}:${number}`, "content-type": "application/json" }
        }
      })
      published.push(...batch)
      return batch
    }
  }
})

export type Source = Effect.Success<ReturnType<typeof makeSource>>

/** A sink on the broker, with topics of its own. */
export const openSink = Effect.fnUntraced(function* (
  bootstrapServers: ReadonlyArray<string>,
  kafka: Partial<KafkaSettings> = {}
) {
  const defaults = testSettings()
  const id = crypto.randomUUID()
  const topic = `trades-${id}`
  const deadLetter = `dead-letter-${id}`
  const settings = settingsLayer({
    kafka: { ...defaults.kafka, acks: "all", compression: "none", bootstrapServers, ...kafka },
    topics: {
      ...defaults.topics,
      data: new Map([["trade", topic]]),
      deadLetter,
      continuity: `continuity-${id}`,
      positions: `positions-${id}`
    }
  })
  const layer = KafkaSink.layer.pipe(
    Layer.provide(KafkaClients.driver),
    Layer.provide([settings, HealthProbe.layer, Logger.layer([])])
  )
  return {
    topic,
    deadLetter,
    positions: `positions-${id}`,
    build: Layer.build(layer),
    open: Effect.map(Layer.build(layer), Context.get(EventSink))
  }
})

const eventIds = (records: ReadonlyArray<Pick<SinkRecord, "key" | "headers">>, key: string) =>
  records.filter((record) => record.key === key).map(({ headers }) => headers["event-id"])

export const read = (bootstrap: string, topic: string) => Effect.promise(() => readTopic(bootstrap, topic))

export const assertOnceAndInOrder = (stored: ReadonlyArray<StoredRecord>, published: ReadonlyArray<SinkRecord>) => {
  for (const key of KEYS) assert.deepStrictEqual(eventIds(stored, key), eventIds(published, key))
  assert.lengthOf(stored, published.length)
}

/** Publishes some 1,000 records a second until told to stop; then all of them are stored. */
export const publishUntil = Effect.fnUntraced(function* (
  sink: EventSink["Service"],
  source: Source,
  stop: Deferred.Deferred<void>
) {
  while (!(yield* Deferred.isDone(stop))) {
    yield* sink.publish(source.next(20))
    yield* Effect.sleep("20 millis")
  }
  yield* sink.flush
})
