/** What the sink makes of doubts and failovers with `KAFKA_ACKS=1`. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Logger, Metric, Random, References } from "effect"
import { TestClock } from "effect/testing"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Instance } from "../../src/services/Instance.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import * as ScriptedKafka from "../support/scriptedKafka.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const TOPIC = "raw_trades"

const record = (n: number): SinkRecord => ({
  topic: TOPIC,
  key: "BTCUSDT",
  value: Buffer.from(`{"n":${n}}`),
  timestamp: n,
  headers: { "event-id": `BTCUSDT:${n}`, "content-type": "application/json" }
})

const records = (count: number, from = 0): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, n) => record(from + n))

const error = (kind: KafkaError["kind"]) => new KafkaError({ kind, message: `scripted ${kind}` })

/** A sink on a topic of one partition, in the broker's log from which a test may take away. */
const start = Effect.fnUntraced(function* (batch = 10) {
  const lines: Array<{ readonly level: string; readonly message: string; readonly details: object }> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    const [text] = Array.isArray(message) ? message : [message]
    lines.push({ level: logLevel, message: String(text), details: fiber.getRef(References.CurrentLogAnnotations) })
  })
  const defaults = testSettings()
  const broker = ScriptedKafka.makeBroker()
  broker.add(TOPIC, { partitions: 1 })
  broker.idempotent = false
  const log = broker.topics.get(TOPIC)?.logs[0]
  assert(log !== undefined)
  const environment = Layer.mergeAll(
    settingsLayer({
      topics: { ...defaults.topics, partitions: 1 },
      batch: { ...defaults.batch, size: batch },
      kafka: { ...defaults.kafka, acks: "1" }
    }),
    ScriptedKafka.layer(broker),
    HealthProbe.layer,
    Layer.succeed(Instance, "0123abcd"),
    Logger.layer([logger])
  )
  const sink = Context.get(yield* Layer.build(KafkaSink.layer.pipe(Layer.provide(environment))), EventSink)
  const stored = () => log.map(({ timestamp }) => timestamp)
  const said = (level: string) => lines.filter((line) => line.level === level).map(({ message }) => message)
  /** Flushes, however long it takes. */
  const flushed = Effect.gen(function* () {
    const flush = yield* Effect.forkChild(sink.flush)
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(flush)
  })
  return { broker, log, sink, stored, said, lines, flushed }
})

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** How the next sends end; those after them are stored. */
const script = (broker: ScriptedKafka.Broker, ...verdicts: ReadonlyArray<ScriptedKafka.Verdict>) => {
  const rest = [...verdicts]
  broker.produce = () => Effect.sync(() => rest.shift() ?? "stored")
}

describe("KafkaSink with KAFKA_ACKS=1", () => {
  for (const stored of [true, false]) {
    it.effect(`stores once what was in doubt and is ${stored ? "there" : "not there"}`, () =>
      Effect.gen(function* () {
        const { broker, flushed, sink, stored: numbersStored } = yield* start()
        yield* sink.publish(records(5))
        yield* sink.flush
        script(broker, { error: error("Doubt"), stored }, { error: error("Doubt"), stored })
        yield* sink.publish(records(20, 5))
        yield* flushed
        assert.deepStrictEqual(numbersStored(), numbers(25))
        assert.strictEqual(yield* sink.pending, 0)
      })
    )
  }

  it.effect("waits a second for a send that is stored after its answer was given up", () =>
    Effect.gen(function* () {
      const { broker, log, sink, stored } = yield* start()
      broker.produce = ({ records: batch }) =>
        Effect.as(
          Effect.forkDetach(
            Effect.delay(
              Effect.sync(() => log.push(...batch)),
              "900 millis"
            )
          ),
          { error: error("Doubt") }
        )
      yield* sink.publish(records(5))
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(stored(), [])
      yield* TestClock.adjust("3 seconds")
      yield* sink.flush
      assert.deepStrictEqual(stored(), numbers(5))
      assert.lengthOf(broker.calls, 1)
    })
  )

  it.effect("sends again what a failover has lost, before anything newer, and says so", () =>
    Effect.gen(function* () {
      const before = (yield* Metric.value(Telemetry.recordsResent)).count
      const { broker, flushed, log, said, sink, stored } = yield* start()
      broker.lag = 1000
      yield* sink.publish(records(8))
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(stored(), numbers(8))
      log.length = 3
      broker.lag = 0
      script(broker, { error: error("Moved") })
      yield* sink.publish(records(5, 8))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(flush)
      yield* flushed
      assert.deepStrictEqual(stored(), numbers(13))
      assert.deepStrictEqual(said("Warn"), ["A failover has lost acknowledged records: they are sent again"])
      assert.strictEqual((yield* Metric.value(Telemetry.recordsResent)).count, before + 5)
      assert.strictEqual(yield* sink.pending, 0)
    })
  )

  it.effect("sends again what a failover has lost though nothing newer comes", () =>
    Effect.gen(function* () {
      const { broker, log, sink, stored } = yield* start()
      broker.lag = 1000
      yield* sink.publish(records(4))
      yield* TestClock.adjust("500 millis")
      log.length = 1
      broker.lag = 0
      let told = false
      broker.read = Effect.suspend(() => {
        if (told) return Effect.void
        told = true
        return Effect.fail(error("Moved"))
      })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(stored(), numbers(4))
    })
  )

  it.effect("notices a log that has gone back though nothing newer comes, and says so as an error", () =>
    Effect.gen(function* () {
      const { broker, log, said, sink, stored } = yield* start()
      broker.lag = 2
      yield* sink.publish(records(4))
      yield* TestClock.adjust("2 seconds")
      log.length = 1
      broker.lag = 0
      yield* TestClock.adjust("2 seconds")
      // Of a batch all is kept until the replicas have the whole of it.
      assert.deepStrictEqual(stored(), numbers(4))
      assert.lengthOf(said("Error"), 1)
    })
  )

  it.effect("notices by its offset that a failover has lost records, and says so as an error", () =>
    Effect.gen(function* () {
      const before = (yield* Metric.value(Telemetry.offsetRegressions)).count
      const { broker, flushed, log, said, sink, stored } = yield* start()
      broker.lag = 1000
      yield* sink.publish(records(4))
      yield* TestClock.adjust("500 millis")
      log.length = 2
      broker.lag = 0
      yield* sink.publish(records(2, 4))
      yield* flushed
      assert.sameMembers(stored(), numbers(6))
      assert.lengthOf(said("Error"), 1)
      assert.strictEqual((yield* Metric.value(Telemetry.offsetRegressions)).count, before + 1)
    })
  )

  it.effect("says so too where the log has gone back below what all replicas had, and the leader is another one", () =>
    Effect.gen(function* () {
      const before = (yield* Metric.value(Telemetry.offsetRegressions)).count
      const { broker, flushed, lines, log, said, sink, stored } = yield* start()
      yield* sink.publish(records(4))
      yield* sink.flush
      yield* TestClock.adjust("10 seconds")
      log.length = 1
      script(broker, { error: error("Moved") })
      yield* sink.publish(records(2, 4))
      yield* flushed
      assert.deepStrictEqual(stored(), [0, 4, 5])
      assert.lengthOf(said("Error"), 1)
      const line = lines.find(({ level }) => level === "Error")
      assert.deepInclude(line?.details, { topic: TOPIC, partition: 0, expected: 4, offset: 1 })
      assert.strictEqual((yield* Metric.value(Telemetry.offsetRegressions)).count, before + 1)
    })
  )

  it.effect("finds what is in doubt in a log that has gone back", () =>
    Effect.gen(function* () {
      const { broker, flushed, log, sink, stored } = yield* start()
      yield* sink.publish(records(4))
      yield* sink.flush
      yield* TestClock.adjust("10 seconds")
      log.length = 0
      script(broker, { error: error("Doubt"), stored: true })
      yield* sink.publish(records(2, 4))
      yield* flushed
      assert.deepStrictEqual(stored(), [4, 5])
    })
  )

  it.effect("believes a reading only when the replicas have what the leader has written", () =>
    Effect.gen(function* () {
      const { broker, flushed, sink, stored } = yield* start()
      yield* sink.publish(records(5))
      yield* sink.flush
      script(broker, { error: error("Doubt"), stored: true })
      broker.lag = 5
      yield* sink.publish(records(5, 5))
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* sink.pending, 5)
      broker.lag = 0
      yield* flushed
      assert.deepStrictEqual(stored(), numbers(10))
    })
  )

  it.effect("waits two seconds at most for the replicas when it flushes", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      broker.lag = 1000
      yield* sink.publish(records(5))
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1900 millis")
      assert.isUndefined(flush.pollUnsafe())
      assert.strictEqual(yield* sink.pending, 0)
      yield* TestClock.adjust("200 millis")
      yield* Fiber.join(flush)
    })
  )

  it.effect("says once that it may not read, and goes on without", () =>
    Effect.gen(function* () {
      const { broker, flushed, said, sink, stored } = yield* start()
      yield* sink.publish(records(1))
      yield* sink.flush
      broker.read = Effect.fail(error("Denied"))
      script(broker, { error: error("Doubt"), stored: true }, "stored", { error: error("Doubt"), stored: true })
      yield* sink.publish(records(3, 1))
      yield* flushed
      yield* sink.publish(records(1, 4))
      yield* flushed
      assert.deepStrictEqual(stored(), [0, 1, 2, 3, 1, 2, 3, 4, 4])
      const warnings = said("Warn").filter((line) => line.includes("the right Read"))
      assert.lengthOf(warnings, 1)
    })
  )

  it.effect("says that another connector writes, and does not write what it has written", () =>
    Effect.gen(function* () {
      const { broker, flushed, lines, log, sink, stored } = yield* start(2)
      const others = (count: number, from: number) =>
        records(count, from).map((one) => ({ ...one, headers: { ...one.headers, instance: "ffffffff" } }))
      let first = true
      // While the first batch is on its way the other one is faster.
      broker.produce = () =>
        Effect.sync(() => {
          if (first) log.push(...others(4, 2))
          first = false
          return "stored"
        })
      yield* sink.publish(records(8))
      yield* flushed
      assert.deepStrictEqual(stored(), [2, 3, 4, 5, 0, 1, 6, 7])
      assert.strictEqual(yield* sink.pending, 0)
      log.push(...others(1, 50))
      yield* sink.publish(records(1, 8))
      yield* flushed
      const warnings = lines.filter(({ level }) => level === "Warn")
      assert.lengthOf(warnings, 2)
      for (const { details, message } of warnings) {
        assert.include(message, "stop one of them")
        const names = { topic: TOPIC, partition: 0, instance: "0123abcd", otherInstance: "ffffffff" }
        assert.deepInclude(details, names)
      }
    })
  )

  it.effect("says nothing of writers that are no connectors", () =>
    Effect.gen(function* () {
      const { flushed, log, said, sink } = yield* start()
      yield* sink.publish(records(1))
      yield* sink.flush
      log.push({ ...record(9), headers: {} })
      yield* sink.publish(records(1, 1))
      yield* flushed
      assert.deepStrictEqual(said("Warn"), [])
    })
  )

  it.effect.each(["one", "two", "three", "four"])(
    "stores everything once and in order under random failures and failovers (%s)",
    (seed) =>
      Effect.gen(function* () {
        const { broker, flushed, log, sink, stored } = yield* start(7)
        broker.page = 5
        let safe = 0
        broker.produce = Effect.fnUntraced(function* ({ records: batch }) {
          yield* Effect.sleep(yield* Random.nextIntBetween(0, 300))
          const dice = yield* Random.next
          if (dice < 0.1) return { error: error("Unreachable") }
          if (dice < 0.3) return { error: error("Doubt"), stored: yield* Random.nextBoolean }
          if (dice < 0.4) {
            // Stored late, when nobody waits for it any more.
            const late = Effect.sync(() => void log.push(...batch))
            yield* Effect.forkDetach(Effect.delay(late, yield* Random.nextIntBetween(0, 999)))
            return { error: error("Doubt") }
          }
          if (dice < 0.5) {
            log.length = Math.max(safe, log.length - (yield* Random.nextIntBetween(0, 10)))
            return { error: error("Moved") }
          }
          return "stored"
        })
        // What was seen is with the replicas.
        broker.read = Effect.sync(() => void (safe = log.length))
        const total = 1000
        for (let n = 0; n < total; n += 10) {
          yield* sink.publish(records(10, n))
          yield* TestClock.adjust(yield* Random.nextIntBetween(0, 50))
        }
        const flush = yield* Effect.forkChild(sink.flush)
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(flush)
        yield* flushed
        assert.deepStrictEqual(stored(), numbers(total))
        assert.strictEqual(yield* sink.pending, 0)
      }).pipe(Random.withSeed(seed))
  )
})
