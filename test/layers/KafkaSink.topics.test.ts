import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { partitionOf } from "../../src/pipeline/murmur2.ts"
import { error, ids, KEYS, record, records, settle, start } from "../support/kafkaSink.ts"

describe("the topics of KafkaSink", () => {
  it.effect("creates the topics of the streams, and control topics with one partition", () =>
    Effect.gen(function* () {
      const { broker } = yield* start({ topics: { partitions: 4 } })
      assert.deepStrictEqual(
        broker.created.map(({ name, partitions }) => [name, partitions]),
        [
          ["raw_trades", 4],
          ["dead_letter", 1],
          ["continuity", 1],
          ["positions", 1]
        ]
      )
    })
  )

  it.effect("uses an existing topic as it is and says what differs", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start({
        broker: (broker) => broker.add("raw_trades", { partitions: 2 })
      })
      assert.deepStrictEqual(
        warnings().map(({ annotations }) => [annotations["topic"], annotations["partitions"]]),
        [["raw_trades", 2]]
      )
      yield* sink.publish(records(20))
      yield* sink.flush
      assert.lengthOf(broker.stored("raw_trades"), 20)
    })
  )

  it.effect("waits for a topic that it has created until the brokers know it", () =>
    Effect.gen(function* () {
      let asked = 0
      const started = yield* Effect.forkChild(
        start({
          broker: (broker) => {
            broker.describe = Effect.sync(() => {
              asked++
              if (asked < 4) broker.topics.delete("raw_trades")
              else broker.add("raw_trades")
            })
          }
        })
      )
      yield* TestClock.adjust("1 second")
      const { sink, warnings } = yield* Fiber.join(started)
      assert.strictEqual(asked, 4)
      yield* sink.publish([record(1)])
      yield* sink.flush
      assert.deepStrictEqual(warnings(), [])
    })
  )

  it.effect("ends at the start when Kafka denies access, and names the variable", () =>
    Effect.gen(function* () {
      const failure = yield* start({
        broker: (broker) => {
          broker.connect = Effect.fail(error("Denied", "wrong password: see KAFKA_SASL_PASSWORD"))
        }
      }).pipe(Effect.flip)
      assert.strictEqual(failure._tag, "SinkError")
      assert.include(failure.message, "KAFKA_SASL_PASSWORD")
    })
  )

  it.effect("ends at the start when a topic is missing and may not be created, and names both", () =>
    Effect.gen(function* () {
      const failure = yield* start({
        topics: { create: false },
        broker: (broker) => {
          broker.add("raw_trades")
          broker.add("continuity", { partitions: 1 })
        }
      }).pipe(Effect.flip)
      assert.include(failure.message, "dead_letter")
      assert.include(failure.message, "TOPIC_CREATE")
    })
  )

  it.effect("takes records for the other topics while a broker will not say anything of one", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start({
        broker: (broker) => {
          broker.faults.set("raw_trades", error("Busy", "raw_trades has no leader"))
        }
      })
      assert.deepStrictEqual(
        broker.created.map(({ name }) => name),
        ["dead_letter", "continuity", "positions"]
      )
      broker.faults.set("hidden", error("Denied"))
      yield* sink.publish([
        record(1),
        record(2, "BTCUSDT", "hidden"),
        record(3, "BTCUSDT", "elsewhere"),
        record(4, "BTCUSDT", "continuity")
      ])
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(broker.stored("continuity"), 1)
      assert.lengthOf(broker.stored("elsewhere"), 1)
      assert.strictEqual(yield* sink.pending, 2)
      assert.include(String(warnings()[0]?.annotations["reason"]), "raw_trades has no leader")
      broker.faults.clear()
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      assert.lengthOf(broker.stored("raw_trades"), 1)
      assert.lengthOf(broker.stored("hidden"), 1)
    })
  )

  it.effect("ends at the start when it may not look at one topic, and says at which", () =>
    Effect.gen(function* () {
      const failure = yield* start({
        broker: (broker) => void broker.faults.set("dead_letter", error("Denied", "dead_letter is not yours"))
      }).pipe(Effect.flip)
      assert.include(failure.message, "dead_letter is not yours")
    })
  )

  it.effect("goes on trying when a broker does not know a topic yet that may be created", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({
        broker: (broker) => {
          broker.describe = Effect.fail(error("MissingTopic"))
        }
      })
      broker.describe = Effect.void
      yield* sink.publish([record(1)])
      yield* sink.flush
      assert.lengthOf(broker.stored("raw_trades"), 1)
    })
  )

  for (const after of [6, 3, 8]) {
    it.effect(
      `goes on in order when a topic of 6 partitions is deleted while running and comes back with ${after}`,
      () =>
        Effect.gen(function* () {
          const { broker, sink } = yield* start()
          yield* sink.publish(records(50))
          yield* sink.flush
          broker.topics.delete("raw_trades")
          broker.create = () => Effect.sync(() => broker.add("raw_trades", { partitions: after }))
          broker.produce = ({ partition, topic }) =>
            Effect.succeed(
              broker.topics.get(topic)?.logs[partition] === undefined ? { error: error("MissingTopic") } : "stored"
            )
          yield* sink.publish(records(50, 50))
          yield* settle
          yield* sink.publish(records(50, 100))
          const flush = yield* Effect.forkChild(sink.flush)
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(flush)
          const expected = records(100, 50)
          for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(expected, key))
          assert.lengthOf(broker.stored("raw_trades"), 100)
          broker.topics.get("raw_trades")!.logs.forEach((log, partition) => {
            for (const { key } of log) assert.strictEqual(partitionOf(key, after), partition)
          })
        })
    )
  }

  it.effect("takes a topic that one broker did not know for the old one, though it has grown meanwhile", () =>
    Effect.gen(function* () {
      const { broker, lines, sink } = yield* start()
      yield* sink.publish(records(50))
      yield* sink.flush
      const { logs } = broker.topics.get("raw_trades")!
      broker.add("raw_trades", { partitions: 8 })
      broker.topics.get("raw_trades")!.logs.splice(0, 6, ...logs)
      broker.produce = () => Effect.succeed({ error: error("MissingTopic") })
      let looks = 0
      broker.describe = Effect.sync(() => {
        // Seen by all but the first look.
        if (looks++ === 0) broker.unknown.add("raw_trades")
        else broker.unknown.clear()
      })
      const known = lines.filter(({ message }) => message === "Topic created").length
      yield* sink.publish(records(50, 50))
      yield* settle
      broker.produce = () => Effect.succeed("stored")
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      assert.isAbove(looks, 1)
      assert.strictEqual(lines.filter(({ message }) => message === "Topic created").length, known)
      assert.deepStrictEqual(broker.topics.get("raw_trades")!.logs.slice(6).flat(), [])
      for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(records(100), key))
    })
  )

  it.effect(
    "does not take a topic for a new one that no broker knows for a while and that cannot be created then",
    () =>
      Effect.gen(function* () {
        const { broker, lines, sink } = yield* start()
        yield* sink.publish(records(50))
        yield* sink.flush
        broker.idempotent = false
        broker.unknown.add("raw_trades")
        broker.create = () => Effect.fail(error("Busy", "no controller"))
        broker.produce = () => Effect.succeed({ error: error("MissingTopic") })
        yield* sink.publish(records(50, 50))
        yield* TestClock.adjust("5 seconds")
        broker.unknown.clear()
        broker.create = () => Effect.void
        broker.produce = () => Effect.succeed("stored")
        broker.fetches.length = 0
        const flush = yield* Effect.forkChild(sink.flush)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(flush)
        assert.deepStrictEqual(
          lines.filter(({ message }) => message.startsWith("A topic was deleted")),
          []
        )
        for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(records(100), key))
        // Nor is it read from its beginning.
        assert.isFalse(broker.fetches.some(({ from, topic }) => topic === "raw_trades" && from === 0))
      })
  )

  it.effect(
    "keeps the order where the topic was another one after all, though a partition did not notice that it was gone",
    () =>
      Effect.gen(function* () {
        const { broker, sink } = yield* start({ acks: "1" })
        broker.idempotent = false
        // The replicas have nothing yet: what is acknowledged is kept.
        broker.lag = 1000
        yield* sink.publish(records(20))
        yield* TestClock.adjust("500 millis")
        const [first = "", ...others] = KEYS
        broker.produce = () => Effect.succeed({ error: error("MissingTopic") })
        broker.unknown.add("raw_trades")
        broker.create = () => Effect.fail(error("Busy", "no controller"))
        yield* sink.publish([record(20, first)])
        yield* TestClock.adjust("1 second")
        for (const log of broker.topics.get("raw_trades")!.logs) log.length = 0
        broker.lag = 0
        yield* sink.publish(others.map((key, n) => record(21 + n, key)))
        broker.unknown.clear()
        broker.produce = () => Effect.succeed("stored")
        const flush = yield* Effect.forkChild(sink.flush)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(flush)
        const all = [...records(20), record(20, first), ...others.map((key, n) => record(21 + n, key))]
        for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(all, key))
      })
  )

  it.effect("asks for a topic that is not in the settings when its first record comes", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      yield* sink.publish([record(1, "BTCUSDT", "elsewhere"), record(2, "BTCUSDT", "elsewhere")])
      yield* sink.flush
      assert.lengthOf(broker.stored("elsewhere"), 2)
      let asked = 0
      broker.describe = Effect.sync(() => void asked++)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(asked, 0)
    })
  )
})
