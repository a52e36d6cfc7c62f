import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Logger, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as KafkaSink from "../../../src/layers/KafkaSink.ts"
import { estimatedBytes } from "../../../src/pipeline/recordSize.ts"
import { partitionOf } from "../../../src/pipeline/murmur2.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { EventSink } from "../../../src/services/EventSink.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"
import * as HealthProbe from "../../support/healthProbe.ts"
import * as LogProbe from "../../support/logProbe.ts"
import * as ScriptedKafka from "../../support/scriptedKafka.ts"
import { settingsLayer } from "../../support/settings.ts"

const record = (n: number, topic: string, bytes: number, key = "BTCUSDT"): SinkRecord => ({
  topic,
  key,
  value: Buffer.alloc(bytes, "x"),
  timestamp: n,
  headers: { "event-id": String(n), "content-type": "application/json" }
})

const sizeOf = (records: ReadonlyArray<SinkRecord>) => records.reduce((sum, record) => sum + estimatedBytes(record), 0)

const start = Effect.fnUntraced(function* (
  broker: ScriptedKafka.Broker,
  logging: Layer.Layer<never> = Logger.layer([])
) {
  const environment = Layer.mergeAll(settingsLayer(), ScriptedKafka.layer(broker), HealthProbe.layer, logging)
  return Context.get(yield* Layer.build(KafkaSink.layer.pipe(Layer.provide(environment))), EventSink)
})

describe("Routes", () => {
  it.effect("cuts a dead letter that is refused by halves until it is taken", () =>
    Effect.gen(function* () {
      const broker = ScriptedKafka.makeBroker()
      broker.produce = ({ records }) =>
        Effect.succeed(
          sizeOf(records) > 2000 ? { error: new KafkaError({ kind: "Refused", message: "too large" }) } : "stored"
        )
      const sink = yield* start(broker)
      yield* sink.publish([record(1, "dead_letter", 100_000), record(2, "dead_letter", 10)])
      yield* sink.flush
      const letters = broker.stored("dead_letter")
      assert.sameMembers(
        letters.map(({ headers }) => headers["event-id"]),
        ["1", "2"]
      )
      const cut = letters.find(({ timestamp }) => timestamp === 1)
      assert.strictEqual(cut?.value.byteLength, 1562)
      assert.strictEqual(cut?.headers["dlq.bytes"], "100000")
      assert.strictEqual(yield* sink.pending, 0)
    })
  )

  it.effect("heeds the size limit of a topic that comes back with as many partitions", () =>
    Effect.gen(function* () {
      const broker = ScriptedKafka.makeBroker()
      broker.add("raw_trades", { maxMessageBytes: 100_000 })
      const sink = yield* start(broker)
      const largest = () => Math.max(...broker.calls.map(({ records }) => sizeOf(records)))
      const publish = (from: number) =>
        sink.publish(Array.from({ length: 50 }, (_, n) => record(from + n, "raw_trades", 1000)))
      yield* publish(0)
      yield* sink.flush
      assert.isAbove(largest(), 50_000)

      broker.topics.delete("raw_trades")
      broker.create = () => Effect.sync(() => broker.add("raw_trades", { maxMessageBytes: 10_000 }))
      broker.produce = ({ topic }) =>
        Effect.succeed(
          broker.topics.has(topic) ? "stored" : { error: new KafkaError({ kind: "MissingTopic", message: "gone" }) }
        )
      // Finds out that the topic is gone.
      yield* sink.publish([record(50, "raw_trades", 1000)])
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      broker.calls.length = 0
      yield* publish(51)
      yield* sink.flush
      assert.isAtMost(largest(), 10_000)
      assert.deepStrictEqual(
        broker.stored("raw_trades").map(({ timestamp }) => timestamp),
        Array.from({ length: 51 }, (_, n) => 50 + n)
      )
    })
  )

  it.effect("warns once of a topic that was deleted and made anew, and of none that is new", () =>
    Effect.gen(function* () {
      const probe = yield* LogProbe.make
      const broker = ScriptedKafka.makeBroker()
      const sink = yield* start(broker, probe.layer)
      yield* sink.publish([record(0, "raw_trades", 10)])
      yield* sink.flush
      const said = Effect.map(Queue.clear(probe.events), (lines) =>
        lines.flatMap(({ annotations, level, message }) => (level === "Warn" ? [[message, annotations["topic"]]] : []))
      )
      assert.deepStrictEqual(yield* said, [])

      broker.topics.delete("raw_trades")
      broker.produce = ({ topic }) =>
        Effect.succeed(
          broker.topics.has(topic) ? "stored" : { error: new KafkaError({ kind: "MissingTopic", message: "gone" }) }
        )
      yield* sink.publish([record(1, "raw_trades", 10)])
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      assert.deepStrictEqual(
        (yield* said).filter(([message]) => message?.toString().startsWith("A topic")),
        [["A topic was deleted and is made anew: what was in it is gone", "raw_trades"]]
      )
    })
  )

  for (const after of [2, 6, 9]) {
    it.effect(`sends nothing to a topic that comes back with ${after} partitions instead of 6 until it is known`, () =>
      Effect.gen(function* () {
        const broker = ScriptedKafka.makeBroker()
        broker.add("raw_trades")
        const sink = yield* start(broker)
        const keys = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"]
        const publish = (from: number) =>
          sink.publish(Array.from({ length: 60 }, (_, n) => record(from + n, "raw_trades", 10, keys[n % keys.length])))
        yield* publish(0)
        yield* sink.flush

        broker.topics.delete("raw_trades")
        broker.produce = ({ partition, topic }) =>
          Effect.succeed(
            broker.topics.get(topic)?.logs[partition] === undefined
              ? { error: new KafkaError({ kind: "MissingTopic", message: "gone" }) }
              : "stored"
          )
        // It takes records at once, and is heard of later.
        broker.create = () =>
          Effect.andThen(
            Effect.sync(() => broker.add("raw_trades", { partitions: after })),
            Effect.sleep("3 seconds")
          )
        for (let from = 60; from < 600; from += 60) {
          yield* publish(from)
          yield* TestClock.adjust("500 millis")
        }
        const flush = yield* Effect.forkChild(sink.flush)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(flush)

        const logs = broker.topics.get("raw_trades")?.logs ?? []
        assert.lengthOf(logs.flat(), 540)
        for (const [partition, log] of logs.entries()) {
          for (const { key } of log) assert.strictEqual(partitionOf(key, after), partition)
        }
        for (const key of keys) {
          const times = logs.flat().filter((one) => one.key === key)
          assert.deepStrictEqual(
            times.map(({ timestamp }) => timestamp),
            times.map(({ timestamp }) => timestamp).toSorted((a, b) => a - b)
          )
        }
      })
    )
  }
})
