import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import kafkajs from "kafkajs"
import { partitionOf } from "../src/pipeline/murmur2.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import { connected } from "./support/kafka/driver.ts"
import * as Program from "./support/program.ts"
import { range, recordOf, trade } from "./support/tape.ts"

const PARTITIONS = 3
const TOPIC = "tail_raw_trades"

/** Of the consumers with which other tests read on the same broker, at the same time. */
const OTHERS = /^(reader-[0-9a-f-]{36}|console-consumer-\d+)$/

const groups = Effect.promise(async () => {
  const admin = new kafkajs.Kafka({ brokers: [kafkaBootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  const { groups } = await admin.listGroups()
  await admin.disconnect()
  return groups.map(({ groupId }) => groupId).filter((group) => !OTHERS.test(group))
})

describeKafka("tail on a real Kafka", () => {
  it.live("shows the last records of all partitions and those that come, and leaves no group behind", () =>
    Effect.gen(function* () {
      const driver = yield* connected(kafkaBootstrap)
      yield* driver.create({ name: TOPIC, partitions: PARTITIONS, replicationFactor: undefined })
      const publish = (ids: ReadonlyArray<number>, symbol: string) =>
        driver
          .produce(
            TOPIC,
            partitionOf(symbol, PARTITIONS),
            ids.map((id) => ({ ...recordOf(`${symbol}@trade`, trade(id, symbol)), topic: TOPIC }))
          )
          .pipe(Effect.retry({ while: ({ kind }) => kind !== "Refused", schedule: Schedule.spaced("100 millis") }))
      yield* publish(range(1, 30), "BTCUSDT")
      yield* publish([29, 31], "BNBUSDT")
      const before = yield* groups

      const settings = { KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrap, TOPIC_PREFIX: "tail_", LOG_LEVEL: "WARNING" }
      const tail = yield* Program.start(settings, {}, undefined, ["tail", "trade", "--from", "-4"])
      let shown = ""
      tail.child.stdout?.on("data", (data) => (shown += String(data)))
      const shows = (pattern: RegExp) =>
        Effect.repeat(
          Effect.sync(() => shown),
          { until: (text) => pattern.test(text), schedule: Schedule.spaced("20 millis") }
        )
      yield* shows(/id=31 /)
      yield* publish([32], "BNBUSDT")
      yield* shows(/BNBUSDT .* id=32 /)
      yield* publish([33], "BTCUSDT")
      yield* shows(/BTCUSDT .* id=33 /)
      yield* tail.signal("SIGINT")
      const { code, stderr, stdout } = yield* tail.ended
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.deepStrictEqual(
        [...stdout.matchAll(/ id=(\d+) /g)].map(([, id]) => Number(id)),
        [29, 29, 30, 31, 32, 33]
      )
      assert.deepStrictEqual(yield* groups, before)
    })
  )

  it.live("reads from the first record to the end there is, as JSON with partition and offset", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* Effect.flatMap(
        Program.start({ KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrap }, {}, undefined, [
          "tail",
          TOPIC,
          "--from=earliest",
          "--no-follow",
          "--json",
          "--symbol=BTCUSDT"
        ]),
        ({ ended }) => ended
      )
      assert.strictEqual(code, 0, stderr)
      const records = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        records.map(({ offset, partition }) => [partition, offset]),
        range(0, 30).map((offset) => [partitionOf("BTCUSDT", PARTITIONS), offset])
      )
    })
  )
})
