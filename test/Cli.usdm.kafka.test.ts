/** USD-M futures from end to end as a user runs them: the simulator, the connector, a real Kafka, and the commands. */
import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Simulator from "../src/simulator/Simulator.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import * as Program from "./support/program.ts"

const PREFIX = "e2e."
const STREAMS = [
  "btcusdt@aggTrade",
  "ethusdt@aggTrade",
  "btcusdt@kline_1m",
  "btcusdt@markPrice@1s",
  "btcusdt@bookTicker",
  "btcusdt@depth@100ms",
  "btcusdt@depth5@100ms",
  "!ticker@arr",
  "!miniTicker@arr",
  "!bookTicker",
  "!forceOrder@arr"
]

interface Certificate {
  readonly complete: boolean
  readonly series: ReadonlyArray<{
    readonly topic: string
    readonly market?: string
    readonly stream: string
    readonly symbol: string
    readonly backfilled: number
    readonly duplicates: number
    readonly missing: ReadonlyArray<{ readonly reason: string }>
  }>
  readonly unreadable: ReadonlyArray<unknown>
  readonly absent: ReadonlyArray<unknown>
}

/** Completes once one of the program's own metrics has come so far. */
const reaches = (port: number, metric: string, count: number) =>
  Effect.tryPromise(async () => {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const values = page.matchAll(new RegExp(`^binance_kafka_${metric}(?:{[^}]*})? (\\S+)`, "gm"))
    return Array.from(values, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0)
  }).pipe(
    Effect.orElseSucceed(() => 0),
    Effect.repeat({ until: (value) => value >= count, schedule: Schedule.spaced("50 millis") })
  )

describeKafka("USD-M futures on a real Kafka", () => {
  it.live("are stored whole through a cut of every connection, and proved by the topics alone", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ market: "usdm", rate: 1000 })
      const port = 20_000 + (simulator.port % 10_000)
      const settings = {
        BINANCE_MARKET: "usdm",
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_STREAMS: STREAMS.join(","),
        REST_WEIGHT_SHARE: "1",
        RECONNECT_MAX_DELAY_SECONDS: "1",
        KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrap,
        KAFKA_ACKS: "all",
        TOPIC_PREFIX: PREFIX,
        HTTP_PORT: String(port)
      }
      const connector = yield* Program.start(settings)
      yield* reaches(port, "records_stored_total", 3000)
      simulator.cutAll("terminate")
      yield* reaches(port, "backfilled_total", 1)
      yield* reaches(port, "records_stored_total", 8000)
      const status = yield* Effect.flatMap(Program.start(settings, {}, undefined, ["status"]), ({ ended }) => ended)
      assert.strictEqual(status.code, 0, status.stdout)
      assert.include(status.stdout, "btcusdt@markPrice@1s")
      simulator.pause()
      yield* connector.signal("SIGTERM")
      const { code, stderr } = yield* connector.ended
      assert.strictEqual(code, 0, stderr)

      const run = (...args: ReadonlyArray<string>) =>
        Effect.flatMap(Program.start(settings, {}, undefined, args), ({ ended }) => ended)
      const verified = yield* run("verify", "--json")
      assert.strictEqual(verified.code, 0, verified.stdout + verified.stderr)
      const certificate: Certificate = JSON.parse(verified.stdout)
      assert.isTrue(certificate.complete)
      assert.deepStrictEqual([certificate.unreadable, certificate.absent], [[], []])
      for (const { duplicates, market, missing, topic } of certificate.series) {
        assert.strictEqual(market, "usdm")
        assert.isTrue(topic.startsWith(`${PREFIX}raw_usdm_`), topic)
        assert.strictEqual(duplicates, 0, topic)
        // Of the order book what was cut is gone, and said to be.
        assert.deepStrictEqual(
          missing.filter(({ reason }) => reason !== "opened" || !topic.endsWith("depth")),
          [],
          topic
        )
      }
      const found = new Set(certificate.series.map(({ stream }) => stream))
      const asked = new Set(STREAMS.map((name) => (name.startsWith("!") ? name : name.slice(name.indexOf("@") + 1))))
      assert.sameMembers([...found], [...asked])
      assert.notInclude(
        certificate.series.map(({ symbol }) => symbol),
        "BTCUSD_PERP"
      )
      const tape = certificate.series.filter(({ stream }) => stream === "aggTrade")
      assert.isAbove(
        tape.reduce((sum, { backfilled }) => sum + backfilled, 0),
        0,
        "what the cut lost was fetched"
      )

      const repair = yield* run("repair", "--dry-run")
      assert.strictEqual(repair.code, 0, repair.stdout)
      assert.include(repair.stdout, "To repair: 0 holes")
      const tail = yield* run("tail", "markPrice", "--from=-1", "--no-follow")
      assert.match(tail.stdout, /BTCUSDT +markPrice +mark=\S+ index=\S+ fundingRate=0\.00010000/)
    })
  )
})
