import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { KafkaDriver, KafkaError } from "../../src/services/KafkaDriver.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer } from "../support/settings.ts"

const record = (n: number): SinkRecord => ({
  topic: "t",
  key: "BTCUSDT",
  value: Buffer.from(`{"n":${n}}`),
  timestamp: n,
  headers: { "event-id": String(n) }
})
const [a, b, c] = [record(1), record(2), record(3)]
const error = (kind: KafkaError["kind"]) => new KafkaError({ kind, message: kind })
const topics = [{ name: "t", partitions: 2, replicationFactor: undefined }]

describe("MemoryKafka", () => {
  it.effect("creates, describes and deletes topics", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const broker = yield* MemoryKafka.MemoryBroker
      yield* driver.connect
      assert.strictEqual(yield* driver.create({ name: "t", partitions: 2, replicationFactor: 3 }), "created")
      assert.strictEqual(yield* driver.create({ name: "t", partitions: 9, replicationFactor: 9 }), "existed")
      assert.deepStrictEqual((yield* driver.describe(["absent", "t"])).topics, [
        { name: "t", partitions: 2, replicationFactor: 3, maxMessageBytes: 1_048_588 }
      ])
      yield* broker.deleteTopic("t")
      assert.deepStrictEqual((yield* driver.describe(["t"])).topics, [])
      assert.strictEqual((yield* Effect.flip(driver.produce("t", 0, [a]))).kind, "MissingTopic")
    }).pipe(Effect.provide(MemoryKafka.layer))
  )

  it.effect("keeps each partition's records in order and gives the offset of the first", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const broker = yield* MemoryKafka.MemoryBroker
      assert.strictEqual(yield* driver.produce("t", 1, [a, b]), 0)
      assert.strictEqual(yield* driver.produce("t", 1, [c]), 2)
      assert.deepStrictEqual(yield* broker.log("t"), [[], [a, b, c]])
      assert.strictEqual((yield* Effect.flip(driver.produce("t", 2, [a]))).kind, "MissingTopic")
    }).pipe(Effect.provide(MemoryKafka.layerWith({ topics })))
  )

  it.effect("ends sends as scripted, and drops the repeat of what was stored in doubt", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const broker = yield* MemoryKafka.MemoryBroker
      yield* broker.script([{ error: error("Busy") }, { error: error("Doubt"), stored: true }])
      assert.strictEqual((yield* Effect.flip(driver.produce("t", 0, [a, b]))).kind, "Busy")
      assert.deepStrictEqual(yield* broker.log("t"), [[], []])
      assert.strictEqual((yield* Effect.flip(driver.produce("t", 0, [a, b]))).kind, "Doubt")
      assert.strictEqual(yield* driver.produce("t", 0, [a, b]), 0)
      assert.strictEqual(yield* driver.produce("t", 0, [c]), 2)
      assert.deepStrictEqual(yield* broker.log("t"), [[a, b, c], []])
    }).pipe(Effect.provide(MemoryKafka.layerWith({ topics })))
  )

  it.effect("stores a repeat twice where it is not idempotent", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const broker = yield* MemoryKafka.MemoryBroker
      yield* driver.produce("t", 0, [a])
      yield* driver.produce("t", 0, [a])
      assert.deepStrictEqual(yield* broker.log("t"), [[a, a], []])
    }).pipe(Effect.provide(MemoryKafka.layerWith({ topics, idempotent: false })))
  )

  it.effect("refuses what is too large, and everything while it is away", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const broker = yield* MemoryKafka.MemoryBroker
      assert.strictEqual((yield* Effect.flip(driver.produce("t", 0, [a, b, c]))).kind, "Refused")
      yield* broker.outage(error("Unreachable"))
      const all = [driver.connect, driver.describe(["t"]), driver.create(topics[0]!), driver.produce("t", 0, [a])]
      for (const one of all)
        assert.strictEqual((yield* Effect.flip<unknown, KafkaError, never>(one)).kind, "Unreachable")
      yield* broker.outage(undefined)
      assert.strictEqual(yield* driver.produce("t", 0, [a]), 0)
    }).pipe(Effect.provide(MemoryKafka.layerWith({ topics, maxMessageBytes: 200 })))
  )

  it.effect("reads a partition from any offset, and says where it ends", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const broker = yield* MemoryKafka.MemoryBroker
      yield* driver.produce("t", 1, [a, b, c])
      assert.deepStrictEqual(yield* driver.ends("t", 1), { earliest: 0, next: 3, written: 3 })
      assert.deepStrictEqual(yield* driver.fetch("t", 1, 1), {
        records: [
          { ...b, partition: 1, offset: 1 },
          { ...c, partition: 1, offset: 2 }
        ],
        next: 3,
        highWatermark: 3
      })
      yield* broker.truncate("t", 1, 1)
      assert.deepStrictEqual(yield* driver.fetch("t", 1, 3), { records: [], next: 1, highWatermark: 1 })
      assert.strictEqual((yield* Effect.flip(driver.fetch("t", 2, 0))).kind, "MissingTopic")
      assert.strictEqual((yield* Effect.flip(driver.ends("absent", 0))).kind, "MissingTopic")
    }).pipe(Effect.provide(MemoryKafka.layerWith({ topics })))
  )

  it.effect("carries the Kafka sink", () =>
    Effect.gen(function* () {
      const sink = yield* EventSink
      const broker = yield* MemoryKafka.MemoryBroker
      yield* sink.publish([a, b, c])
      yield* sink.flush
      const stored = (yield* broker.log("t")).flat()
      assert.sameDeepMembers(
        stored.map(({ headers: { instance: _, ...headers }, ...record }) => ({ ...record, headers })),
        [a, b, c]
      )
      assert.match(stored[0]?.headers["instance"] ?? "", /^[0-9a-f]{8}$/)
    }).pipe(
      Effect.provide(
        KafkaSink.layer.pipe(Layer.provideMerge(MemoryKafka.layer), Layer.provide([settingsLayer(), HealthProbe.layer]))
      )
    )
  )
})
