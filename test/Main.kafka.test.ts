import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Audit from "../src/pipeline/Audit.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import { readTopic } from "./support/kafka/records.ts"
import * as Program from "./support/program.ts"

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
})
