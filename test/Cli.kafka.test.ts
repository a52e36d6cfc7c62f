import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { partitionOf } from "../src/pipeline/murmur2.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import { connected } from "./support/kafka/driver.ts"
import { readTopic } from "./support/kafka/records.ts"
import * as Program from "./support/program.ts"

const streams = ["btcusdt@trade", "ethusdt@trade", "btcusdt@depth@100ms"]
const trades = streams.filter((name) => name.endsWith("@trade"))
const PARTITIONS = 3

describeKafka("verify and repair on a real Kafka", () => {
  it.live("name the one record that is missing, and fetch it again", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ rate: 500 })
      const settings = (prefix: string, names = streams) => ({
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_STREAMS: names.join(","),
        KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrap,
        TOPIC_PARTITIONS: String(PARTITIONS),
        TOPIC_PREFIX: prefix,
        HTTP_PORT: "0",
        LOG_LEVEL: "WARNING"
      })
      const command = (prefix: string, ...args: ReadonlyArray<string>) =>
        Effect.flatMap(
          Program.start(settings(prefix, prefix === whole ? streams : trades), {}, undefined, args),
          ({ ended }) => ended
        )

      const [whole, holed, strayed] = ["verify_whole_", "verify_holed_", "verify_strayed_"]
      const nothing = yield* command(whole, "verify")
      assert.strictEqual(nothing.code, 1, nothing.stderr)
      assert.match(nothing.stdout, /NOT PROVED: none of the data topics exists/)

      const connector = yield* Program.start(settings(whole))
      yield* Effect.sync(() => simulator.ledger.pushed.get("btcusdt@trade")?.count ?? 0).pipe(
        Effect.repeat({ until: (count) => count > 300, schedule: Schedule.spaced("50 millis") })
      )
      yield* connector.signal("SIGTERM")
      const { code, stderr } = yield* connector.ended
      assert.strictEqual(code, 0, stderr)
      const proved = yield* command(whole, "verify")
      assert.strictEqual(proved.code, 0, proved.stdout + proved.stderr)

      const driver = yield* connected(kafkaBootstrap)
      const records = yield* Effect.promise(() => readTopic(kafkaBootstrap, `${whole}raw_trades`))
      /** The same records, but one, in another topic. */
      const copy = Effect.fnUntraced(function* (topic: string, partition: (key: string, index: number) => number) {
        yield* driver.create({ name: topic, partitions: PARTITIONS, replicationFactor: undefined })
        const placed = records.map((record, index) => ({ ...record, topic, partition: partition(record.key, index) }))
        for (let index = 0; index < PARTITIONS; index++) {
          const batch = placed.filter((record) => record.partition === index)
          if (batch.length > 0) {
            yield* driver
              .produce(topic, index, batch)
              .pipe(Effect.retry({ while: ({ kind }) => kind !== "Refused", schedule: Schedule.spaced("100 millis") }))
          }
        }
      })
      const home = (key: string) => partitionOf(key, PARTITIONS)

      const ofBitcoin = records.flatMap(({ key }, index) => (key === "BTCUSDT" ? [index] : []))
      const lost = ofBitcoin[100]
      yield* copy(`${holed}raw_trades`, (key, index) => (index === lost ? -1 : home(key)))
      const id = records[lost ?? 0]?.headers["event-id"]?.split(":").at(-1)
      const verdict = yield* command(holed, "verify")
      assert.strictEqual(verdict.code, 1, verdict.stderr)
      assert.include(verdict.stdout, `${holed}raw_trades trade BTCUSDT: ${id} (1 id): MISSING`)
      const dry = yield* command(holed, "repair", "--dry-run")
      assert.strictEqual(dry.code, 1)
      assert.include(dry.stdout, `btcusdt@trade: would fetch ${id} (1 id), about 1 request`)
      const repaired = yield* command(holed, "repair")
      assert.strictEqual(repaired.code, 0, repaired.stdout + repaired.stderr)
      assert.include(repaired.stdout, `btcusdt@trade: ${id} filled`)
      const certified = yield* command(holed, "verify", "--json")
      assert.strictEqual(certified.code, 0, certified.stderr)
      const { complete, continuity, series } = JSON.parse(certified.stdout)
      assert.strictEqual(complete, true)
      assert.deepInclude(continuity[0], { type: "gap-filled", stream: "btcusdt@trade", from: Number(id), late: true })
      assert.deepStrictEqual(
        series.map(({ backfilled, late, symbol }: Record<string, unknown>) => [symbol, late, backfilled]),
        [
          ["BTCUSDT", 1, 1],
          ["ETHUSDT", 0, 0]
        ]
      )

      const deeper = yield* Program.start(settings(holed), {}, undefined, ["verify"])
      const half = yield* deeper.ended
      assert.strictEqual(half.code, 1, half.stderr)
      assert.include(
        half.stdout,
        `${holed}raw_depth: there is no such topic, and BINANCE_STREAMS needs it: btcusdt@depth`
      )
      assert.include(half.stdout, `NOT PROVED: not there, or not to be seen: ${holed}raw_depth. The rest is sound.\n`)

      const stray = ofBitcoin[200]
      yield* copy(`${strayed}raw_trades`, (key, index) => (home(key) + (index === stray ? 1 : 0)) % PARTITIONS)
      const misplaced = yield* command(strayed, "verify")
      assert.strictEqual(misplaced.code, 1)
      assert.include(misplaced.stdout, "trade BTCUSDT: 1 records stand in another partition than their key's")
    })
  )

  it.live("end with 2 where there is no broker", () =>
    Effect.gen(function* () {
      const program = yield* Program.start(
        { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1", LOG_LEVEL: "ERROR" },
        {},
        undefined,
        ["verify"]
      )
      const { code, stderr, stdout } = yield* program.ended
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, /KAFKA_BOOTSTRAP_SERVERS: cannot read/)
    })
  )
})
