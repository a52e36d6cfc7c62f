import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Audit from "../src/pipeline/Audit.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import { startBroker } from "./support/kafka/broker.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import { freePorts } from "./support/kafka/freePorts.ts"
import { readTopic } from "./support/kafka/records.ts"
import * as Program from "./support/program.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const symbols = ["btcusdt", "ethusdt", "bnbusdt"]

/** Completes once the program's own metrics say that so many records are stored. */
const stored = (port: number, count: number) =>
  Effect.tryPromise(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    const page = await response.text()
    return Number(/^binance_kafka_records_stored_total(?:{[^}]*})? (\S+)/m.exec(page)?.[1] ?? 0)
  }).pipe(
    Effect.orElseSucceed(() => 0),
    Effect.repeat({ until: (records) => records >= count })
  )

describeKafka("the program on a real Kafka", () => {
  for (const acks of ["all", "1"] as const) {
    it.live(
      `stores all that it has received in the middle of a burst when it gets SIGTERM, with KAFKA_ACKS=${acks}`,
      () =>
        Effect.gen(function* () {
          const simulator = yield* Simulator.make({ rate: 5000 })
          const prefix = `burst_${acks}_`
          const port = 20_000 + (simulator.port % 10_000)
          const program = yield* Program.start({
            BINANCE_WS_URL: simulator.wsUrl,
            BINANCE_REST_URL: simulator.restUrl,
            BINANCE_STREAMS: symbols.map((symbol) => `${symbol}@trade`).join(","),
            KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrap,
            KAFKA_ACKS: acks,
            TOPIC_PREFIX: prefix,
            HTTP_PORT: String(port)
          })
          yield* stored(port, 5000)
          yield* program.signal("SIGTERM")
          const { code, stderr } = yield* program.ended
          assert.strictEqual(code, 0, stderr)

          const topic = `${prefix}raw_trades`
          const records = yield* Effect.promise(() => readTopic(kafkaBootstrap, topic))
          const audit = Audit.make()
          for (const record of records) {
            audit.add({ ...record, topic })
            const original = /^{"original_data":(.*),"ingestion_timestamp":/.exec(record.value.toString())?.[1]
            const id = Number(record.headers["event-id"]?.split(":").at(-1))
            assert.strictEqual(original, simulator.ledger.tradePayload(record.key, id))
          }
          const { complete, series } = audit.report()
          assert.isTrue(complete, JSON.stringify(series))
          assert.deepStrictEqual(
            series.map(({ first, symbol }) => [symbol, first]),
            symbols
              .toSorted()
              .map((symbol) => [symbol.toUpperCase(), simulator.ledger.pushed.get(`${symbol}@trade`)?.first])
          )
        })
    )
  }

  it.live(
    "stops well without Kafka, and the next start stores what the last one had received and what was missed since",
    () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator.make({ rate: 1000 })
        const [kafkaPort = 0] = yield* Effect.promise(() => freePorts(1))
        const settings = {
          BINANCE_WS_URL: simulator.wsUrl,
          BINANCE_REST_URL: simulator.restUrl,
          BINANCE_STREAMS: symbols.map((symbol) => `${symbol}@trade`).join(","),
          KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${kafkaPort}`,
          KAFKA_ACKS: "all",
          DATA_DIR: yield* temporaryFolder,
          HTTP_PORT: "0"
        }
        const first = yield* Program.start(settings)
        yield* first.says(/Records wait on the disk until they can be stored/)
        yield* first.signal("SIGTERM")
        const firstEnd = yield* first.ended
        assert.strictEqual(firstEnd.code, 0, firstEnd.stderr)
        const waiting = Number(/the next start stores them[^}]*"records":(\d+)/.exec(firstEnd.stderr)?.[1])
        assert.isAbove(waiting, 1000)

        const broker = yield* Effect.acquireRelease(
          Effect.promise(() => startBroker({ port: kafkaPort })),
          (broker) => Effect.promise(broker.remove)
        )
        const second = yield* Program.start(settings)
        yield* second.says(/The spool is drained/)
        yield* second.signal("SIGTERM")
        const secondEnd = yield* second.ended
        assert.strictEqual(secondEnd.code, 0, secondEnd.stderr)

        const stored = yield* Effect.promise(() => readTopic(broker.bootstrap, "raw_trades"))
        assert.isAtLeast(stored.length, waiting)
        const audit = Audit.make()
        for (const record of stored) audit.add({ ...record, topic: "raw_trades" })
        const { complete, series } = audit.report()
        // What the exchange made while none ran is fetched between what the first left and what is live.
        assert.isTrue(complete, JSON.stringify(series))
        assert.strictEqual(series.length, symbols.length)
        const backfilled = series.reduce((sum, one) => sum + one.backfilled, 0)
        assert.isAbove(backfilled, 0)
      }).pipe(Effect.scoped)
  )
})
