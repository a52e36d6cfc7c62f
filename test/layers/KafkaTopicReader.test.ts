import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Queue, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as KafkaTopicReader from "../../src/layers/KafkaTopicReader.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { KafkaDriver, KafkaError } from "../../src/services/KafkaDriver.ts"
import { TopicReader } from "../../src/services/TopicReader.ts"
import * as LogProbe from "../support/logProbe.ts"

const TOPIC = "t"

const Test = KafkaTopicReader.layer.pipe(
  Layer.provideMerge(MemoryKafka.layerWith({ topics: [{ name: TOPIC, partitions: 3, replicationFactor: undefined }] }))
)

const records = (key: string, count: number): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, index) => ({
    topic: TOPIC,
    key,
    value: Buffer.from("{}"),
    timestamp: index,
    headers: { "event-id": `${key}:${index}` }
  }))

const produce = (partition: number, key: string, count: number) =>
  Effect.flatMap(KafkaDriver, (driver) => driver.produce(TOPIC, partition, records(key, count)))

const busy = new KafkaError({ kind: "Busy", message: "loading" })

describe("KafkaTopicReader", () => {
  it.effect("reads every partition over many answers, in offset order, up to the ends that were noted", () =>
    Effect.gen(function* () {
      const reader = yield* TopicReader
      yield* produce(0, "a", 2500)
      yield* produce(2, "c", 1000)
      const ends = yield* reader.ends(TOPIC)
      assert.deepStrictEqual(ends, [
        { partition: 0, from: 0, to: 2500 },
        { partition: 1, from: 0, to: 0 },
        { partition: 2, from: 0, to: 1000 }
      ])
      yield* produce(0, "late", 10)
      yield* produce(1, "late", 10)
      const read = yield* Stream.runCollect(reader.read(TOPIC, ends))
      for (const { partition, to } of ends) {
        assert.deepStrictEqual(
          read.filter((record) => record.partition === partition).map(({ offset }) => offset),
          Array.from({ length: to }, (_, offset) => offset)
        )
      }
      const some = yield* Stream.runCollect(reader.read(TOPIC, [{ partition: 0, from: 990, to: 1010 }]))
      assert.deepStrictEqual([some.length, some[0]?.offset, some.at(-1)?.offset], [20, 990, 1009])
    }).pipe(Effect.provide(Test))
  )

  it.effect("says of a topic that is not there that it holds nothing", () =>
    Effect.gen(function* () {
      const reader = yield* TopicReader
      assert.deepStrictEqual(yield* reader.ends("nothing"), [])
    }).pipe(Effect.provide(Test))
  )

  it.effect("says of a topic that may not be seen that it is hidden, and not that it is not there", () =>
    Effect.gen(function* () {
      const driver = yield* KafkaDriver
      const denied = new KafkaError({ kind: "Denied", message: "TOPIC_AUTHORIZATION_FAILED" })
      const denying = KafkaDriver.of({
        ...driver,
        describe: ([topic = ""]) => Effect.succeed({ topics: [], faults: new Map([[topic, denied]]) })
      })
      const failure = yield* Effect.flatMap(TopicReader, (reader) => Effect.flip(reader.ends("secret"))).pipe(
        Effect.provide(Layer.provide(Layer.fresh(KafkaTopicReader.layer), Layer.succeed(KafkaDriver, denying)))
      )
      assert.deepStrictEqual(
        [failure.isHidden, failure.message],
        [true, "KAFKA_BOOTSTRAP_SERVERS: cannot read secret: TOPIC_AUTHORIZATION_FAILED"]
      )
    }).pipe(Effect.provide(Test))
  )

  it.effect("waits for a broker that is away for a while, and says so of one that stays away", () =>
    Effect.gen(function* () {
      const reader = yield* TopicReader
      const broker = yield* MemoryKafka.MemoryBroker
      yield* produce(0, "a", 5)
      yield* broker.outage(busy)
      const patient = yield* Effect.forkChild(reader.ends(TOPIC))
      yield* TestClock.adjust("3 seconds")
      yield* broker.outage(undefined)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* Fiber.join(patient))[0]?.to, 5)

      yield* broker.outage(busy)
      const log = yield* LogProbe.make
      const vain = yield* Effect.forkChild(Effect.provide(Effect.result(reader.ends(TOPIC)), log.layer))
      // At once, and once.
      const { annotations, message } = yield* Queue.take(log.events)
      assert.match(message, /^Kafka does not answer: it is asked again for some 15 s$/)
      assert.deepInclude(annotations, { reading: TOPIC, reason: "loading" })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Queue.size(log.events), 0)
      const result = yield* Fiber.join(vain)
      assert.isTrue(Result.isFailure(result))
      if (Result.isFailure(result)) {
        assert.strictEqual(result.failure.message, "KAFKA_BOOTSTRAP_SERVERS: cannot read t: loading")
      }
    }).pipe(Effect.provide(Test))
  )

  it.effect("does not take a topic that has shrunk for read", () =>
    Effect.gen(function* () {
      const reader = yield* TopicReader
      const broker = yield* MemoryKafka.MemoryBroker
      yield* produce(0, "a", 5)
      const ends = yield* reader.ends(TOPIC)
      yield* broker.truncate(TOPIC, 0, 3)
      const result = yield* Effect.result(Stream.runCollect(reader.read(TOPIC, ends)))
      assert.isTrue(Result.isFailure(result))
      if (Result.isFailure(result)) assert.match(result.failure.message, /t\/0 has shrunk .* at offset 3, it did at 5/)
    }).pipe(Effect.provide(Test))
  )

  it.effect("follows every partition: what is there, and what comes", () =>
    Effect.gen(function* () {
      const reader = yield* TopicReader
      yield* produce(0, "a", 2)
      yield* produce(2, "c", 3)
      const seen = yield* Queue.unbounded<string>()
      const starts = [0, 1, 2].map((partition) => ({ partition, from: partition === 2 ? 2 : 0 }))
      yield* Effect.forkChild(
        Stream.runForEach(reader.follow(TOPIC, starts), ({ offset, partition }) =>
          Queue.offer(seen, `${partition}/${offset}`)
        )
      )
      assert.sameMembers(yield* Queue.takeN(seen, 3), ["0/0", "0/1", "2/2"])
      yield* produce(1, "b", 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Queue.take(seen), "1/0")
      yield* produce(2, "c", 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Queue.take(seen), "2/3")
    }).pipe(Effect.provide(Test))
  )

  it.effect("does not go on where a partition has shrunk below what was followed", () =>
    Effect.gen(function* () {
      const reader = yield* TopicReader
      const broker = yield* MemoryKafka.MemoryBroker
      yield* produce(0, "a", 5)
      const fiber = yield* Effect.forkChild(
        Effect.flip(Stream.runDrain(reader.follow(TOPIC, [{ partition: 0, from: 5 }])))
      )
      yield* broker.truncate(TOPIC, 0, 3)
      yield* TestClock.adjust("1 second")
      assert.match((yield* Fiber.join(fiber)).message, /^t\/0 has shrunk while it was read: it ends at offset 3/)
    }).pipe(Effect.provide(Test))
  )
})
