import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import * as KafkaJs from "../../src/layers/KafkaJs.ts"
import type { Acks, Compression, KafkaSettings } from "../../src/schema/Settings.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { KafkaDriver } from "../../src/services/KafkaDriver.ts"
import { describeKafka, kafkaBootstrap } from "../support/kafka/describeKafka.ts"
import { readTopic } from "../support/kafka/records.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const newTopic = (name: string): string => `${name}-${crypto.randomUUID()}`

/** Connected: a broker that has just started may be asked more than once. */
const driver = (kafka: Partial<KafkaSettings> = {}) =>
  Effect.tap(build(kafka), ({ connect }) =>
    Effect.retry(connect, { schedule: Schedule.spaced("100 millis"), while: ({ kind }) => kind === "Busy" })
  )

const build = (kafka: Partial<KafkaSettings>) =>
  Effect.map(
    Layer.build(
      KafkaJs.layer.pipe(
        Layer.provide(
          settingsLayer({ kafka: { ...testSettings().kafka, bootstrapServers: [kafkaBootstrap], ...kafka } })
        )
      )
    ),
    (context) => Context.get(context, KafkaDriver)
  )

/** Values that a careless text conversion would break, some large enough to be worth compressing. */
const records = (topic: string, count: number, from = 0): ReadonlyArray<SinkRecord> =>
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

const comparable = (partition: number, sent: ReadonlyArray<SinkRecord>) =>
  sent.map(({ headers, key, timestamp, value }, offset) => ({
    partition,
    offset,
    key,
    value: Buffer.from(value),
    timestamp,
    headers
  }))

const acks: ReadonlyArray<Acks> = ["0", "1", "all"]
const compressions: ReadonlyArray<Compression> = ["none", "snappy", "gzip", "lz4", "zstd"]

describeKafka("KafkaJs", () => {
  describe("stores every byte", () => {
    for (const ack of acks) {
      for (const compression of compressions) {
        it.live(`with KAFKA_ACKS=${ack} and KAFKA_COMPRESSION=${compression}`, () =>
          Effect.gen(function* () {
            const kafka = yield* driver({ acks: ack, compression })
            const topic = newTopic("bytes")
            yield* kafka.create({ name: topic, partitions: 2, replicationFactor: undefined })
            const first = records(topic, 30)
            const second = records(topic, 20, 30)
            const offsets = [yield* kafka.produce(topic, 1, first), yield* kafka.produce(topic, 1, second)]
            assert.deepStrictEqual(offsets, ack === "0" ? [-1, -1] : [0, 30])
            // Answered in order on the same connection: what was sent before is in the log by then.
            yield* kafka.describe([topic])
            const stored = yield* Effect.promise(() => readTopic(kafkaBootstrap, topic))
            assert.deepStrictEqual(stored, comparable(1, [...first, ...second]))
          }).pipe(Effect.scoped)
        )
      }
    }
  })
})
