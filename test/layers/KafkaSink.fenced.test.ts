import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Option } from "effect"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { FencedKafka } from "../../src/services/FencedKafka.ts"
import { KafkaDriver } from "../../src/services/KafkaDriver.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const group = { id: "g", shards: 2, sessionTimeout: Duration.seconds(10) }
const settings = settingsLayer({ kafka: { ...testSettings().kafka, acks: "all" }, group: Option.some(group) })

const record = (n: number): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.from(`{"n":${n}}`),
  timestamp: n,
  headers: { "event-id": `BTCUSDT:${n}` }
})

/** The sink of one owner of the shard. */
const open = Effect.fnUntraced(function* (kafka: Context.Context<FencedKafka>) {
  const driver = yield* Context.get(kafka, FencedKafka).open("g-0", ["raw_trades"])
  const layer = KafkaSink.layer.pipe(Layer.provide([settings, HealthProbe.layer, Layer.succeed(KafkaDriver, driver)]))
  return Context.get(yield* Layer.build(layer), EventSink)
})

describe("the Kafka sink of a shard", () => {
  it.effect("ends when another process has taken over, and stores nothing more", () =>
    Effect.gen(function* () {
      const kafka = yield* Layer.build(MemoryKafka.layer)
      const first = yield* open(kafka)
      yield* first.publish([record(1), record(2)])
      yield* first.flush

      const second = yield* open(kafka)
      yield* first.publish([record(3)])
      const error = yield* Effect.flip(first.flush)
      assert.isTrue(error.isFenced)
      assert.include(error.message, "another process")
      assert.isTrue((yield* Effect.flip(first.publish([record(4)]))).isFenced)

      yield* second.publish([record(3), record(4)])
      yield* second.flush
      const [...partitions] = yield* Context.get(kafka, MemoryKafka.MemoryBroker).log("raw_trades")
      assert.deepStrictEqual(
        partitions.flat().map(({ headers }) => headers["event-id"]),
        ["BTCUSDT:1", "BTCUSDT:2", "BTCUSDT:3", "BTCUSDT:4"]
      )
    })
  )
})
