import { assert, it } from "@effect/vitest"
import { Clock, Context, Deferred, Effect, Fiber, Layer, Logger, Schedule } from "effect"
import * as KafkaJs from "../../src/layers/KafkaJs.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import type { KafkaSettings } from "../../src/schema/Settings.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { startBroker, startCluster } from "../support/kafka/broker.ts"
import { describeKafka, kafkaBootstrap } from "../support/kafka/describeKafka.ts"
import { client, readTopic, type StoredRecord } from "../support/kafka/records.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const KEYS = Array.from({ length: 12 }, (_, n) => `SYMBOL${n}`)

/**
 * Numbered records of one topic, as old as the test: a broker forgets its idempotent producers by the age of their records,
 * and with older ones a restart would make it store a repeated batch twice.
 */
const makeSource = Effect.fnUntraced(function* (topic: string) {
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

type Source = Effect.Success<ReturnType<typeof makeSource>>

/** A sink on the broker, with topics of its own. */
const openSink = Effect.fnUntraced(function* (
  bootstrapServers: ReadonlyArray<string>,
  kafka: Partial<KafkaSettings> = {}
) {
  const defaults = testSettings()
  const id = crypto.randomUUID()
  const topic = `trades-${id}`
  const deadLetter = `dead-letter-${id}`
  const settings = settingsLayer({
    kafka: { ...defaults.kafka, acks: "all", compression: "none", bootstrapServers, ...kafka },
    topics: { ...defaults.topics, data: new Map([["trade", topic]]), deadLetter, continuity: `continuity-${id}` }
  })
  const layer = KafkaSink.layer.pipe(
    Layer.provide(KafkaJs.layer),
    Layer.provide([settings, HealthProbe.layer, Logger.layer([])])
  )
  return { topic, deadLetter, open: Effect.map(Layer.build(layer), Context.get(EventSink)) }
})

const eventIds = (records: ReadonlyArray<Pick<SinkRecord, "key" | "headers">>, key: string) =>
  records.filter((record) => record.key === key).map(({ headers }) => headers["event-id"])

const read = (bootstrap: string, topic: string) => Effect.promise(() => readTopic(bootstrap, topic))

const assertOnceAndInOrder = (stored: ReadonlyArray<StoredRecord>, published: ReadonlyArray<SinkRecord>) => {
  for (const key of KEYS) assert.deepStrictEqual(eventIds(stored, key), eventIds(published, key))
  assert.lengthOf(stored, published.length)
}

/** Publishes some 1,000 records a second until told to stop; then all of them are stored. */
const publishUntil = Effect.fnUntraced(function* (
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

  it.live(
    "loses and doubles nothing with KAFKA_ACKS=all while three nodes are restarted one after the other",
    () =>
      Effect.gen(function* () {
        const cluster = yield* Effect.acquireRelease(
          Effect.promise(() => startCluster(3)),
          (cluster) => Effect.promise(cluster.remove)
        )
        const bootstrap = cluster.bootstrap[0] ?? ""
        const stop = yield* Deferred.make<void>()
        const publish = Effect.fnUntraced(function* (acks: "1" | "all") {
          const { open, topic } = yield* openSink(cluster.bootstrap, { acks, compression: "snappy" })
          const source = yield* makeSource(topic)
          const sink = yield* open
          yield* sink.publish(source.next(100))
          yield* sink.flush
          const publisher = yield* Effect.forkChild(publishUntil(sink, source, stop))
          return { publisher, source, topic }
        })
        const all = yield* publish("all")
        const one = yield* publish("1")
        for (const node of cluster.nodes) yield* Effect.promise(node.restart)
        yield* Deferred.succeed(stop, undefined)
        yield* Fiber.join(all.publisher)
        yield* Fiber.join(one.publisher)

        assertOnceAndInOrder(yield* read(bootstrap, all.topic), all.source.published)

        // A failover may truncate what only the leader had: counted and reported, not promised.
        const stored = (yield* read(bootstrap, one.topic)).map(({ headers }) => headers["event-id"])
        const distinct = new Set(stored)
        const lost = one.source.published.filter(({ headers }) => !distinct.has(headers["event-id"])).length
        process.stdout.write(
          `rolling restart: acks=all ${all.source.published.length} records, none lost or doubled; acks=1 ` +
            `${one.source.published.length} records, ${lost} lost, ${stored.length - distinct.size} doubled\n`
        )
      }).pipe(Effect.scoped),
    300_000
  )
})
