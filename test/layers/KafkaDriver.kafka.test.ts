import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Acks, type Compression, kafkaClients } from "../../src/schema/Settings.ts"
import { describeKafka, kafkaBootstrap } from "../support/kafka/describeKafka.ts"
import { connected, expected, newTopic, records, withTopic } from "../support/kafka/driver.ts"
import { consoleConsumer } from "../support/kafka/consoleConsumer.ts"
import { client, readTopic } from "../support/kafka/records.ts"

const acks: ReadonlyArray<Acks> = ["0", "1", "all"]
const compressions: ReadonlyArray<Compression> = ["none", "snappy", "gzip", "lz4", "zstd"]

const read = (topic: string) => Effect.promise(() => readTopic(kafkaBootstrap, topic))

const admin = Effect.acquireRelease(
  Effect.promise(async () => {
    const admin = client(kafkaBootstrap).admin()
    await admin.connect()
    return admin
  }),
  (admin) => Effect.promise(() => admin.disconnect())
)

for (const client of kafkaClients)
  describeKafka(`KafkaDriver over ${client}`, () => {
    describe("stores every byte", () => {
      for (const ack of acks) {
        for (const compression of compressions) {
          it.live(`with KAFKA_ACKS=${ack} and KAFKA_COMPRESSION=${compression}`, () =>
            Effect.gen(function* () {
              const driver = yield* connected(kafkaBootstrap, { client, acks: ack, compression })
              const topic = newTopic("bytes")
              yield* driver.create({ name: topic, partitions: 2, replicationFactor: undefined })
              const first = records(topic, 30)
              const second = records(topic, 20, 30)
              const offsets = [yield* driver.produce(topic, 1, first), yield* driver.produce(topic, 1, second)]
              assert.deepStrictEqual(offsets, ack === "0" ? [-1, -1] : [0, 30])
              // Answered in order on the same connection: what was sent before is in the log by then.
              yield* driver.describe([topic])
              assert.deepStrictEqual(yield* read(topic), expected(1, [...first, ...second]))
            })
          )
        }
      }
    })

    it.live("compresses so that Kafka's own consumer can read it", () =>
      Effect.gen(function* () {
        const family = newTopic("java")
        const sent = ["one", "two", "three"].map((key, n) => ({
          topic: family,
          key: `${key}-币安`,
          value: Buffer.from(`{"text":"${"Łódź ".repeat(200)}"}`),
          timestamp: 1_700_000_000_000 + n,
          headers: { "event-id": `id:${n}` }
        }))
        for (const compression of compressions) {
          const driver = yield* connected(kafkaBootstrap, { client, acks: "all", compression })
          yield* driver.create({ name: `${family}.${compression}`, partitions: 1, replicationFactor: undefined })
          yield* driver.produce(`${family}.${compression}`, 0, sent)
        }
        const lines = yield* Effect.promise(() =>
          consoleConsumer(kafkaBootstrap, `${family}.*`, sent.length * compressions.length)
        )
        const line = ({ headers, key, timestamp, value }: (typeof sent)[number]) =>
          `CreateTime:${timestamp}\tevent-id:${headers["event-id"]}\t${key}\t${value.toString()}`
        assert.sameMembers(
          [...lines],
          compressions.flatMap(() => sent.map(line))
        )
      })
    )

    it.live("writes what is under way before it closes, though nothing is acknowledged", () =>
      Effect.gen(function* () {
        const { topic } = yield* withTopic(kafkaBootstrap, { client })
        const sent = records(topic, 60)
        yield* connected(kafkaBootstrap, { client, acks: "0", compression: "none" }).pipe(
          Effect.flatMap((driver) => driver.produce(topic, 0, sent)),
          Effect.scoped
        )
        assert.deepStrictEqual(yield* read(topic), expected(0, sent))
      })
    )

    it.live("stores partitions side by side", () =>
      Effect.gen(function* () {
        const driver = yield* connected(kafkaBootstrap, { client, acks: "all" })
        const topic = newTopic("wide")
        yield* driver.create({ name: topic, partitions: 6, replicationFactor: undefined })
        const batches = Array.from({ length: 6 }, (_, partition) => records(topic, 5, partition * 5))
        yield* Effect.forEach(batches, (batch, partition) => driver.produce(topic, partition, batch), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          yield* read(topic),
          batches.flatMap((batch, partition) => expected(partition, batch))
        )
      })
    )

    it.live("describes the topics that exist", () =>
      Effect.gen(function* () {
        const driver = yield* connected(kafkaBootstrap, { client })
        const [plain, small] = [newTopic("plain"), newTopic("small")]
        yield* driver.create({ name: plain, partitions: 3, replicationFactor: 1 })
        const kafka = yield* admin
        const configEntries = [{ name: "max.message.bytes", value: "5000" }]
        yield* Effect.promise(() => kafka.createTopics({ topics: [{ topic: small, numPartitions: 1, configEntries }] }))
        const { faults, topics } = yield* driver.describe([plain, newTopic("absent"), small])
        assert.sameDeepMembers(
          [...topics],
          [
            { name: plain, partitions: 3, replicationFactor: 1, maxMessageBytes: 1_048_588 },
            { name: small, partitions: 1, replicationFactor: 1, maxMessageBytes: 5000 }
          ]
        )
        assert.strictEqual(faults.size, 0)
        assert.deepStrictEqual(yield* driver.describe([]), { topics: [], faults: new Map() })
      })
    )

    it.live("leaves a topic that exists as it is", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        assert.strictEqual(
          yield* driver.create({ name: topic, partitions: 9, replicationFactor: undefined }),
          "existed"
        )
        const [found] = (yield* driver.describe([topic])).topics
        assert.strictEqual(found?.partitions, 1)
      })
    )

    it.live("says which setting makes a topic impossible", () =>
      Effect.gen(function* () {
        const driver = yield* connected(kafkaBootstrap, { client })
        const refused = (topic: { name: string; partitions: number; replicationFactor: number }) =>
          Effect.flip(driver.create(topic))
        const copies = yield* refused({ name: newTopic("copies"), partitions: 1, replicationFactor: 9 })
        assert.deepInclude(copies, { kind: "Refused" })
        assert.include(copies.message, "TOPIC_REPLICATION_FACTOR")
        const name = yield* refused({ name: "no blanks", partitions: 1, replicationFactor: 1 })
        assert.deepInclude(name, { kind: "Refused" })
        assert.include(name.message, "letters, digits")
      })
    )

    it.live("refuses a batch that is too large, and stores what comes after it", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client, acks: "all", compression: "none" })
        const [record] = records(topic, 1)
        assert(record !== undefined)
        const refusal = yield* Effect.flip(driver.produce(topic, 0, [{ ...record, value: Buffer.alloc(1_100_000) }]))
        assert.deepInclude(refusal, { kind: "Refused" })
        assert.include(refusal.message, "MESSAGE_TOO_LARGE")
        assert.strictEqual(yield* driver.produce(topic, 0, [record]), 0)
        assert.deepStrictEqual(yield* read(topic), expected(0, [record]))
      })
    )

    it.live("refuses a time far ahead", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        const batch = records(topic, 1).map((record) => ({ ...record, timestamp: record.timestamp * 1000 }))
        const refusal = yield* Effect.flip(driver.produce(topic, 0, batch))
        assert.deepInclude(refusal, { kind: "Refused" })
        assert.include(refusal.message, "INVALID_TIMESTAMP")
      })
    )

    it.live("misses a topic that was deleted, and goes on when it is created anew", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client, acks: "all" })
        const first = records(topic, 3)
        yield* driver.produce(topic, 0, first)
        const kafka = yield* admin
        yield* Effect.promise(() => kafka.deleteTopics({ topics: [topic] }))
        const second = records(topic, 4, 3)
        const missing = yield* driver.produce(topic, 0, second).pipe(
          // Its leader may take a moment to learn of it, and store a batch in vain.
          Effect.repeat({ while: () => true }),
          Effect.flip
        )
        assert.include(["MissingTopic", "Moved"], missing.kind)
        const gone = yield* Effect.flip(driver.produce(topic, 0, second))
        assert.strictEqual(gone.kind, "MissingTopic")
        assert.deepStrictEqual((yield* driver.describe([topic])).topics, [])
        assert.strictEqual(
          yield* driver.create({ name: topic, partitions: 1, replicationFactor: undefined }),
          "created"
        )
        assert.strictEqual(yield* driver.produce(topic, 0, second), 0)
        assert.deepStrictEqual(yield* read(topic), expected(0, second))
      })
    )

    it.live("misses a partition that is not there", () =>
      Effect.gen(function* () {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client })
        const missing = yield* Effect.flip(driver.produce(topic, 7, records(topic, 1)))
        assert.strictEqual(missing.kind, "MissingTopic")
        assert.include(missing.message, "no partition 7")
      })
    )
  })

describeKafka("KafkaDriver", () => {
  const pairs = kafkaClients.flatMap((writer) => kafkaClients.map((reader) => ({ writer, reader })))

  it.live.each(pairs)("stores over $writer what is read over $reader, offset by offset", ({ reader, writer }) =>
    Effect.gen(function* () {
      for (const compression of compressions) {
        const { driver, topic } = yield* withTopic(kafkaBootstrap, { client: writer, acks: "all", compression })
        const other = yield* connected(kafkaBootstrap, { client: reader })
        const empty = { topic, key: "", value: Buffer.alloc(0), timestamp: 1_700_000_000_000, headers: { none: "" } }
        const sent = [...records(topic, 19), empty]
        assert.strictEqual(yield* driver.produce(topic, 0, sent.slice(0, 15)), 0)
        assert.strictEqual(yield* driver.produce(topic, 0, sent.slice(15)), 15)
        const fetched = yield* other.fetch(topic, 0, 7)
        assert.deepStrictEqual(
          { ...fetched, records: fetched.records.map((one) => ({ ...one, value: Buffer.from(one.value) })) },
          {
            records: sent.slice(7).map((one, index) => ({
              ...one,
              value: Buffer.from(one.value),
              partition: 0,
              offset: 7 + index
            })),
            next: 20,
            highWatermark: 20
          }
        )
        assert.deepStrictEqual(yield* other.ends(topic, 0), yield* driver.ends(topic, 0))
      }
    })
  )
})
