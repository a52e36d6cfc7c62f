import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Compression, kafkaClients } from "../../src/schema/Settings.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import type { KafkaDriver, StoredRecord } from "../../src/services/KafkaDriver.ts"
import { describeKafka, kafkaBootstrap } from "../support/kafka/describeKafka.ts"
import { connected, newTopic, outcomeOf, records, withTopic } from "../support/kafka/driver.ts"
import { client as kafkaJs } from "../support/kafka/records.ts"

const compressions: ReadonlyArray<Compression> = ["none", "snappy", "gzip", "lz4", "zstd"]

/** As they should be read; the values as bytes of one class. */
const stored = (partition: number, sent: ReadonlyArray<SinkRecord>, from = 0): ReadonlyArray<StoredRecord> =>
  sent.map((record, index) => ({ ...record, value: Buffer.from(record.value), partition, offset: from + index }))

/** Everything from an offset on. */
const readFrom = Effect.fnUntraced(function* (
  driver: KafkaDriver["Service"],
  topic: string,
  partition: number,
  from: number
) {
  const all: Array<StoredRecord> = []
  for (let at = from; ;) {
    const { highWatermark, next, records } = yield* driver.fetch(topic, partition, at)
    all.push(...records.map((record) => ({ ...record, value: Buffer.from(record.value) })))
    if (next >= highWatermark) return all
    assert.isAbove(next, at)
    at = next
  }
})

/** Runs with an admin of kafkajs's public API. */
const asAdmin = <A>(run: (admin: ReturnType<ReturnType<typeof kafkaJs>["admin"]>) => Promise<A>) =>
  Effect.promise(async () => {
    const admin = kafkaJs(kafkaBootstrap).admin()
    await admin.connect()
    try {
      return await run(admin)
    } finally {
      await admin.disconnect()
    }
  })

for (const client of kafkaClients)
  describeKafka(`KafkaDriver over ${client} reads`, () => {
    for (const compression of compressions) {
      it.live(`what was stored with KAFKA_COMPRESSION=${compression}, from any offset on`, () =>
        Effect.gen(function* () {
          const driver = yield* connected(kafkaBootstrap, { client, compression })
          const topic = newTopic("reading")
          yield* driver.create({ name: topic, partitions: 3, replicationFactor: undefined })
          const sent = records(topic, 30)
          yield* driver.produce(topic, 2, sent.slice(0, 12))
          yield* driver.produce(topic, 2, sent.slice(12))
          yield* driver.produce(topic, 1, sent.slice(0, 1))
          for (const from of [0, 5, 12, 29]) {
            assert.deepStrictEqual(yield* readFrom(driver, topic, 2, from), stored(2, sent.slice(from), from))
          }
          assert.deepStrictEqual(yield* readFrom(driver, topic, 1, 0), stored(1, sent.slice(0, 1)))
          assert.deepStrictEqual(yield* driver.ends(topic, 2), { earliest: 0, next: 30, written: 30 })
          const partitions = [2, 0, 7, 1].map((partition) => ({ topic, partition }))
          assert.deepStrictEqual((yield* driver.highWatermarks(partitions)).map(outcomeOf), [30, 0, "MissingTopic", 1])
        })
      )
    }

    it.live("nothing at the end, beyond it, and in an empty partition", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        const nothing = (end: number) => ({ records: [], next: end, highWatermark: end })
        assert.deepStrictEqual(yield* driver.fetch(topic, 0, 0), nothing(0))
        assert.deepStrictEqual(yield* driver.ends(topic, 0), { earliest: 0, next: 0, written: 0 })
        yield* driver.produce(topic, 0, records(topic, 4))
        assert.deepStrictEqual(yield* driver.fetch(topic, 0, 4), nothing(4))
        assert.deepStrictEqual(yield* driver.fetch(topic, 0, 9), nothing(4))
      })
    )

    it.live("from the earliest on where older records were deleted", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        const sent = records(topic, 10)
        yield* driver.produce(topic, 0, sent)
        yield* asAdmin(async (admin) => {
          // It must know the topic first.
          await admin.fetchTopicOffsets(topic)
          await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "7" }] })
        })
        assert.deepStrictEqual(yield* driver.ends(topic, 0), { earliest: 7, next: 10, written: 10 })
        assert.deepStrictEqual(yield* readFrom(driver, topic, 0, 2), stored(0, sent.slice(7), 7))
      })
    )

    it.live("more than one answer holds", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client, compression: "none" })
        const [record] = records(topic, 1)
        assert(record !== undefined)
        const large = Array.from({ length: 8 }, (_, n) => ({ ...record, value: Buffer.alloc(900_000, n) }))
        yield* Effect.forEach(large, (one) => driver.produce(topic, 0, [one]))
        const { next } = yield* driver.fetch(topic, 0, 0)
        assert.isBelow(next, 8)
        assert.strictEqual((yield* driver.fetch(topic, 0, 3, "least")).next, 4)
        assert.deepStrictEqual(yield* readFrom(driver, topic, 0, 0), stored(0, large))
      })
    )

    it.live("past a transaction's end, and keys and values that are null", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        yield* Effect.promise(async () => {
          const producer = kafkaJs(kafkaBootstrap).producer({ transactionalId: topic, maxInFlightRequests: 1 })
          await producer.connect()
          try {
            const transaction = await producer.transaction()
            await transaction.send({ topic, messages: [{ key: null, value: null, headers: { a: ["1", "2"] } }] })
            await transaction.commit()
          } finally {
            await producer.disconnect()
          }
        })
        // The end of a transaction is written a moment after it was promised.
        yield* Effect.repeat(driver.ends(topic, 0), { until: ({ next }) => next === 2 })
        const after = records(topic, 1)
        yield* driver.produce(topic, 0, after)
        const [empty, ...rest] = yield* readFrom(driver, topic, 0, 0)
        assert.deepInclude(empty, { key: "", value: Buffer.alloc(0), headers: { a: "2" }, offset: 0 })
        assert.deepStrictEqual(rest, [...stored(0, after, 2)])
        assert.deepStrictEqual(yield* readFrom(driver, topic, 0, 1), stored(0, after, 2))
      })
    )

    it.live("not a topic or partition that is missing", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        const errors = yield* Effect.forEach(
          [driver.fetch(topic, 7, 0), driver.ends(topic, 7), driver.fetch(newTopic("absent"), 0, 0)],
          (one) => Effect.flip<unknown, { readonly kind: string }, never>(one)
        )
        assert.deepStrictEqual(
          errors.map(({ kind }) => kind),
          ["MissingTopic", "MissingTopic", "MissingTopic"]
        )
      })
    )
  })
