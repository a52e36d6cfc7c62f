import { assert, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { partitionOf } from "../../src/pipeline/murmur2.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Instance } from "../../src/services/Instance.ts"
import { nothingStored, Positions } from "../../src/services/Positions.ts"
import { describeKafka, kafkaBootstrap } from "../support/kafka/describeKafka.ts"
import { client } from "../support/kafka/records.ts"
import { openSink, read } from "../support/kafka/sink.ts"
import { streamNames } from "../support/settings.ts"

const streams = streamNames("btcusdt@trade")

const trades = (topic: string, from: number, to: number): ReadonlyArray<SinkRecord> =>
  Array.from({ length: to - from + 1 }, (_, n) => {
    const t = from + n
    const payload = { e: "trade", E: 1_700_000_000_000 + t, s: "BTCUSDT", t, p: "1", q: "1", T: 1, m: true }
    return {
      topic,
      key: "BTCUSDT",
      value: Buffer.from(JSON.stringify({ original_data: payload })),
      timestamp: payload.E,
      headers: { "event-id": `binance:spot:trade:BTCUSDT:${t}`, "content-type": "application/json" }
    }
  })

const compaction = (topic: string) =>
  Effect.promise(async () => {
    const admin = client(kafkaBootstrap).admin()
    await admin.connect()
    try {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: topic, configNames: ["cleanup.policy"] }]
      })
      return resources[0]?.configEntries[0]?.configValue
    } finally {
      await admin.disconnect()
    }
  })

/** So many more that BTCUSDT belongs to another one; gives how many there were and are. */
const morePartitions = (topic: string) =>
  Effect.promise(async (): Promise<readonly [number, number]> => {
    const admin = client(kafkaBootstrap).admin()
    await admin.connect()
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const before = topics[0]?.partitions.length ?? 0
      let count = before + 1
      while (partitionOf("BTCUSDT", count) === partitionOf("BTCUSDT", before)) count++
      await admin.createPartitions({ topicPartitions: [{ topic, count }] })
      return [before, count]
    } finally {
      await admin.disconnect()
    }
  })

describeKafka("KafkaSink's positions on a real broker", () => {
  for (const acks of ["1", "all"] as const) {
    it.live(`outlive the process, and count what came after them (KAFKA_ACKS=${acks})`, () =>
      Effect.gen(function* () {
        const { build, positions: positionsTopic, topic } = yield* openSink([kafkaBootstrap], { acks })
        /** A process: learns where it stands, stores records. */
        const run = (records: ReadonlyArray<SinkRecord>, load: boolean) =>
          Effect.gen(function* () {
            const context = yield* Effect.provideService(build, Instance, crypto.randomUUID())
            const sink = Context.get(context, EventSink)
            const positions = Context.get(context, Positions)
            const { stands } = load ? yield* Effect.tap(positions.load(streams), positions.begin) : nothingStored
            yield* sink.publish(records)
            yield* sink.flush
            return stands.get("btcusdt@trade")?.inOrder.at(-1)?.last
          }).pipe(Effect.scoped)

        assert.isUndefined(yield* run(trades(topic, 1, 500), true))
        assert.lengthOf(yield* read(kafkaBootstrap, positionsTopic), 1)
        assert.strictEqual(yield* compaction(positionsTopic), "compact")
        // Without its start a process writes no positions.
        yield* run(trades(topic, 501, 900), false)
        assert.lengthOf(yield* read(kafkaBootstrap, positionsTopic), 1)
        assert.strictEqual(yield* run([], true), 900)
      })
    )

    it.live(`are found though the topic has got more partitions (KAFKA_ACKS=${acks})`, () =>
      Effect.gen(function* () {
        const { build, topic } = yield* openSink([kafkaBootstrap], { acks })
        const run = (records: ReadonlyArray<SinkRecord>, load: boolean) =>
          Effect.gen(function* () {
            const context = yield* Effect.provideService(build, Instance, crypto.randomUUID())
            const positions = Context.get(context, Positions)
            const { stands } = load ? yield* Effect.tap(positions.load(streams), positions.begin) : nothingStored
            yield* Context.get(context, EventSink).publish(records)
            yield* Context.get(context, EventSink).flush
            return stands.get("btcusdt@trade")?.inOrder.at(-1)?.last
          }).pipe(Effect.scoped)

        yield* run(trades(topic, 1, 500), true)
        const [before, after] = yield* morePartitions(topic)
        assert.notStrictEqual(partitionOf("BTCUSDT", before), partitionOf("BTCUSDT", after))
        assert.strictEqual(yield* run(trades(topic, 501, 900), true), 500)
        assert.strictEqual(yield* run([], true), 900)
        // Moved again, and killed before it wrote where it stood.
        yield* morePartitions(topic)
        yield* run(trades(topic, 901, 1300), false)
        assert.strictEqual(yield* run([], true), 1300)
      })
    )
  }
})
