import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { startBroker } from "../support/kafka/broker.ts"
import { describeKafka, kafkaBootstrap } from "../support/kafka/describeKafka.ts"
import { client } from "../support/kafka/records.ts"
import { assertOnceAndInOrder, KEYS, makeSource, openSink, publishUntil, read } from "../support/kafka/sink.ts"

const withAdmin = <A>(bootstrap: string, use: (admin: ReturnType<ReturnType<typeof client>["admin"]>) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const admin = client(bootstrap).admin()
      await admin.connect()
      return admin
    }),
    (admin) => Effect.promise(() => use(admin)),
    (admin) => Effect.promise(() => admin.disconnect())
  )

describeKafka("KafkaSink on a real broker", () => {
  it.live("stores everything once and in order when the broker is stopped and started in the middle", () =>
    Effect.gen(function* () {
      const broker = yield* Effect.acquireRelease(
        Effect.promise(() => startBroker()),
        (broker) => Effect.promise(broker.remove)
      )
      const { open, topic } = yield* openSink([broker.bootstrap])
      const sink = yield* open
      const source = yield* makeSource(topic)
      const stop = yield* Deferred.make<void>()
      yield* sink.publish(source.next(1000))
      yield* sink.flush
      const publisher = yield* Effect.forkChild(publishUntil(sink, source, stop))
      yield* Effect.promise(broker.restart)
      yield* Deferred.succeed(stop, undefined)
      yield* Fiber.join(publisher)
      assertOnceAndInOrder(yield* read(broker.bootstrap, topic), source.published)
    }).pipe(Effect.scoped)
  )

  it.live("keeps what comes before the broker is there", () =>
    Effect.gen(function* () {
      const broker = yield* Effect.acquireRelease(
        Effect.promise(() => startBroker()),
        (broker) => Effect.promise(broker.remove)
      )
      yield* Effect.promise(broker.stop)
      const { open, topic } = yield* openSink([broker.bootstrap])
      const sink = yield* open
      const source = yield* makeSource(topic)
      yield* sink.publish(source.next(1000))
      assert.strictEqual(yield* sink.pending, 1000)
      yield* Effect.promise(broker.start)
      yield* sink.flush
      assertOnceAndInOrder(yield* read(broker.bootstrap, topic), source.published)
    }).pipe(Effect.scoped)
  )

  it.live("creates a topic again that is deleted while running, and goes on", () =>
    Effect.gen(function* () {
      const { open, topic } = yield* openSink([kafkaBootstrap])
      const sink = yield* open
      yield* sink.publish((yield* makeSource(topic)).next(500))
      yield* sink.flush
      yield* withAdmin(kafkaBootstrap, (admin) => admin.deleteTopics({ topics: [topic] }))
      // Until the broker has heard of it, it still takes records and then deletes them with the rest.
      yield* withAdmin(kafkaBootstrap, (admin) => admin.listTopics()).pipe(
        Effect.repeat({ until: (topics) => !topics.includes(topic), schedule: Schedule.spaced("50 millis") })
      )
      const source = yield* makeSource(topic)
      yield* sink.publish(source.next(500))
      yield* sink.flush
      assertOnceAndInOrder(yield* read(kafkaBootstrap, topic), source.published)
    }).pipe(Effect.scoped)
  )

  it.live("turns a record that is too large into a dead letter and stores its neighbours", () =>
    Effect.gen(function* () {
      const { deadLetter, open, topic } = yield* openSink([kafkaBootstrap])
      yield* withAdmin(kafkaBootstrap, (admin) =>
        admin.createTopics({
          topics: [{ topic, numPartitions: 6, configEntries: [{ name: "max.message.bytes", value: "20000" }] }]
        })
      )
      const sink = yield* open
      const source = yield* makeSource(topic)
      const before = source.next(100)
      const large: SinkRecord = {
        topic,
        key: KEYS[3] ?? "",
        value: Buffer.alloc(50_000, 0x61),
        timestamp: before[0]?.timestamp ?? 0,
        headers: { "event-id": "too-large", "content-type": "application/json" }
      }
      yield* sink.publish([...before, large, ...source.next(100)])
      yield* sink.flush
      assertOnceAndInOrder(yield* read(kafkaBootstrap, topic), source.published)
      const [dead, ...others] = yield* read(kafkaBootstrap, deadLetter)
      assert.lengthOf(others, 0)
      assert.strictEqual(dead?.value.byteLength, 8192)
      assert.include(dead?.headers, { "event-id": "too-large", "dlq.bytes": "50000" })
      assert.match(dead?.headers["dlq.reason"] ?? "", /larger|large/i)
    }).pipe(Effect.scoped)
  )
})
