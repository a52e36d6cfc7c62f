import { assert, describe, it } from "@effect/vitest"
import {
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Metric,
  Option,
  Queue,
  Random,
  References,
  Scope
} from "effect"
import { TestClock } from "effect/testing"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import { PendingLimit } from "../../src/layers/kafka/Pending.ts"
import { partitionOf } from "../../src/pipeline/murmur2.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import * as ScriptedKafka from "../support/scriptedKafka.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"
import * as Spans from "../support/spans.ts"

const KEYS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT"]

const record = (n: number, key = "BTCUSDT", topic = "raw_trades"): SinkRecord => ({
  topic,
  key,
  value: Buffer.from(`{"n":${n}}`),
  timestamp: n,
  headers: { "event-id": `${key}:${n}`, "content-type": "application/json" }
})

const records = (count: number, from = 0): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, n) => record(from + n, KEYS[(from + n) % KEYS.length]))

const error = (kind: KafkaError["kind"], message = `scripted ${kind}`) => new KafkaError({ kind, message })

const ids = (stored: ReadonlyArray<SinkRecord>, key: string) =>
  stored.filter((record) => record.key === key).map((record) => record.headers["event-id"])

interface Line {
  readonly level: string
  readonly message: string
  readonly annotations: Record<string, unknown>
}

/** The sink over a scripted Kafka, with all that a test looks at. */
const start = Effect.fnUntraced(function* (
  options: {
    readonly topics?: Partial<ReturnType<typeof testSettings>["topics"]>
    readonly batch?: number
    readonly limit?: number
    readonly acks?: "0" | "1" | "all"
    readonly otel?: ReturnType<typeof testSettings>["otel"]
    readonly broker?: (broker: ScriptedKafka.Broker) => void
  } = {}
) {
  const scope = yield* Effect.scope
  const lines: Array<Line> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    const [text] = Array.isArray(message) ? message : [message]
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    lines.push({ level: logLevel, message: String(text), annotations })
  })
  const defaults = testSettings()
  const broker = ScriptedKafka.makeBroker()
  options.broker?.(broker)
  const environment = Layer.mergeAll(
    settingsLayer({
      topics: { ...defaults.topics, ...options.topics },
      batch: { ...defaults.batch, size: options.batch ?? 100 },
      kafka: { ...defaults.kafka, acks: options.acks ?? "all" },
      otel: options.otel ?? defaults.otel
    }),
    ScriptedKafka.layer(broker),
    HealthProbe.layer,
    Layer.succeed(PendingLimit, options.limit ?? 64 * 1024 * 1024),
    Logger.layer([logger])
  )
  const layer = KafkaSink.layer.pipe(Layer.provideMerge(KafkaSink.releasable), Layer.provideMerge(environment))
  const context = yield* Layer.buildWithScope(layer, scope)
  const sink = Context.get(context, EventSink)
  const releasable = Context.get(context, ReleasableSink)
  const health = Context.get(context, HealthProbe.HealthProbe).sinks
  const warnings = () => lines.filter(({ level }) => level === "Warn" || level === "Error")
  return { broker, sink, releasable, health, lines, warnings }
})

/** Lets every fiber run until it waits. */
const settle = TestClock.adjust(0)

describe("KafkaSink", () => {
  it.effect("stores each key in its partition, in order", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      yield* sink.publish(records(50))
      yield* sink.publish(records(50, 50))
      yield* sink.flush
      assert.strictEqual(yield* sink.pending, 0)
      const expected = records(100)
      for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(expected, key))
      for (const log of broker.topics.get("raw_trades")!.logs) {
        for (const { key } of log) {
          const others = broker.topics.get("raw_trades")!.logs.filter((other) => other !== log)
          assert.isFalse(others.flat().some((record) => record.key === key))
        }
      }
    })
  )

  it.effect("gives back what was never sent, and stores what was before anything newer", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { broker, releasable, sink } = yield* start({
        batch: 10,
        broker: (broker) => {
          broker.produce = () => Effect.as(Deferred.await(gate), "stored")
        }
      })
      yield* sink.publish(records(100))
      yield* settle
      const before = yield* releasable.waitingBytes
      const { tried, untried } = yield* releasable.release
      assert.isNotEmpty(tried)
      assert.strictEqual(tried.length + untried.length, 100)
      for (const key of KEYS) assert.deepStrictEqual(ids([...tried, ...untried], key), ids(records(100), key))
      assert.strictEqual(yield* sink.pending, tried.length)
      assert.isBelow(yield* releasable.waitingBytes, before)
      assert.strictEqual(yield* sink.surrender, tried.length)
      // A second time there is nothing but what is in doubt.
      assert.deepStrictEqual(yield* releasable.release, { tried, untried: [] })
      yield* sink.publish(untried)
      yield* Deferred.succeed(gate, undefined)
      yield* sink.flush
      for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(records(100), key))
    })
  )

  it.effect("gives back what waits for its topic", () =>
    Effect.gen(function* () {
      const { broker, releasable, sink } = yield* start({
        broker: (broker) => {
          broker.connect = Effect.fail(error("Unreachable"))
        }
      })
      yield* sink.publish(records(10))
      const { tried, untried } = yield* releasable.release
      assert.deepStrictEqual([tried, untried.map(({ value }) => value)], [[], records(10).map(({ value }) => value)])
      assert.strictEqual(yield* sink.pending, 0)
      yield* sink.flush
      yield* sink.publish(records(10))
      broker.connect = Effect.void
      yield* TestClock.adjust("1 minute")
      yield* sink.flush
      assert.lengthOf(broker.stored("raw_trades"), 10)
    })
  )

  it.effect("creates the topics of the streams, and control topics with one partition", () =>
    Effect.gen(function* () {
      const { broker } = yield* start({ topics: { partitions: 4 } })
      assert.deepStrictEqual(
        broker.created.map(({ name, partitions }) => [name, partitions]),
        [
          ["raw_trades", 4],
          ["dead_letter", 1],
          ["continuity", 1],
          ["positions", 1]
        ]
      )
    })
  )

  it.effect("uses an existing topic as it is and says what differs", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start({
        broker: (broker) => broker.add("raw_trades", { partitions: 2 })
      })
      assert.deepStrictEqual(
        warnings().map(({ annotations }) => [annotations["topic"], annotations["partitions"]]),
        [["raw_trades", 2]]
      )
      yield* sink.publish(records(20))
      yield* sink.flush
      assert.lengthOf(broker.stored("raw_trades"), 20)
    })
  )

  for (const [acks, promise] of [
    ["0", "nothing is acknowledged"],
    ["1", "once and in order while this process lives"],
    ["all", "as long as one of them survives"]
  ] as const) {
    it.effect(`says in one line what KAFKA_ACKS=${acks} promises`, () =>
      Effect.gen(function* () {
        const { lines } = yield* start({ acks })
        const said = lines.filter(({ message }) => message.startsWith(`KAFKA_ACKS=${acks}: `))
        assert.lengthOf(said, 1)
        assert.include(said[0]?.message, promise)
      })
    )
  }

  for (const kind of ["Unreachable", "Busy", "Doubt", "Moved", "Denied"] as const) {
    it.effect(`repeats the identical batch after ${kind}, and stores it once`, () =>
      Effect.gen(function* () {
        const { broker, health, sink, warnings } = yield* start()
        let failures = 5
        broker.produce = () =>
          Effect.succeed(failures-- > 0 ? { error: error(kind), stored: kind === "Doubt" } : "stored")
        yield* sink.publish([record(1), record(2)])
        yield* settle
        yield* sink.publish([record(3)])
        const flush = yield* Effect.forkChild(sink.flush)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(flush)
        assert.deepStrictEqual(
          broker.calls.map(({ records }) => records.map(({ timestamp }) => timestamp)),
          [[1, 2], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2], [3]]
        )
        assert.deepStrictEqual(ids(broker.stored("raw_trades"), "BTCUSDT"), ["BTCUSDT:1", "BTCUSDT:2", "BTCUSDT:3"])
        assert.lengthOf(warnings(), 1)
        assert.include(warnings()[0]?.annotations, {
          topic: "raw_trades",
          partition: broker.calls[0]?.partition,
          kind,
          reason: `scripted ${kind}`
        })
        const states = (yield* Queue.takeAll(health)).map(({ state }) => state)
        assert.deepStrictEqual(states, kind === "Denied" ? ["up", "down", "up"] : ["up"])
      })
    )
  }

  it.effect("says nothing of a leader that is found within a few tries", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start()
      let failures = 3
      broker.produce = () => Effect.succeed(failures-- > 0 ? { error: error("Moved") } : "stored")
      yield* sink.publish([record(1)])
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(flush)
      assert.lengthOf(broker.stored("raw_trades"), 1)
      assert.deepStrictEqual(warnings(), [])
    })
  )

  it.effect("waits for a topic that it has created until the brokers know it", () =>
    Effect.gen(function* () {
      let asked = 0
      const started = yield* Effect.forkChild(
        start({
          broker: (broker) => {
            broker.describe = Effect.sync(() => {
              asked++
              if (asked < 4) broker.topics.delete("raw_trades")
              else broker.add("raw_trades")
            })
          }
        })
      )
      yield* TestClock.adjust("1 second")
      const { sink, warnings } = yield* Fiber.join(started)
      assert.strictEqual(asked, 4)
      yield* sink.publish([record(1)])
      yield* sink.flush
      assert.deepStrictEqual(warnings(), [])
    })
  )

  it.effect("warns once of an outage, is down after five seconds, and tells how long it took", () =>
    Effect.gen(function* () {
      const { broker, health, lines, sink, warnings } = yield* start()
      assert.strictEqual((yield* Queue.take(health)).state, "up")
      broker.produce = () => Effect.succeed({ error: error("Unreachable") })
      yield* sink.publish(records(10))
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* Queue.size(health), 0)
      yield* TestClock.adjust("2 seconds")
      const down = yield* Queue.take(health)
      assert.strictEqual(down.state, "down")
      assert.include(down.detail, "scripted Unreachable")
      yield* TestClock.adjust("54 seconds")
      assert.strictEqual(yield* sink.pending, 10)
      assert.lengthOf(warnings(), 1)
      broker.produce = () => Effect.succeed("stored")
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(flush)
      assert.strictEqual((yield* Queue.take(health)).state, "up")
      assert.lengthOf(
        lines.filter(({ message }) => message === "Kafka stores again"),
        1
      )
    })
  )

  it.effect("completes a flush when what was taken before is stored, whatever comes after", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      const gates = new Map<number, Deferred.Deferred<void>>()
      for (const n of [1, 2]) gates.set(n, yield* Deferred.make<void>())
      broker.produce = ({ records: [first] }) => Effect.as(Deferred.await(gates.get(first!.timestamp)!), "stored")
      yield* sink.publish([record(1)])
      const first = yield* Effect.forkChild(sink.flush)
      yield* settle
      yield* sink.publish([record(2)])
      yield* settle
      assert.isUndefined(first.pollUnsafe())
      yield* Deferred.succeed(gates.get(1)!, undefined)
      yield* Fiber.join(first)
      assert.strictEqual(yield* sink.pending, 1)
      yield* Deferred.succeed(gates.get(2)!, undefined)
      yield* sink.flush
      assert.strictEqual(yield* sink.pending, 0)
    })
  )

  it.effect("takes no more above its memory bound until there is room", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({ limit: 500 })
      const gate = yield* Deferred.make<void>()
      broker.produce = () => Effect.as(Deferred.await(gate), "stored")
      yield* sink.publish(records(20))
      const second = yield* Effect.forkChild(sink.publish(records(20, 20)))
      yield* settle
      assert.isUndefined(second.pollUnsafe())
      assert.strictEqual(yield* sink.pending, 20)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(second)
      yield* sink.flush
      assert.lengthOf(broker.stored("raw_trades"), 40)
    })
  )

  it.effect("keeps records in order while Kafka is not there at the start", () =>
    Effect.gen(function* () {
      const { broker, health, sink, warnings } = yield* start({
        broker: (broker) => {
          broker.connect = Effect.fail(error("Unreachable"))
        }
      })
      yield* sink.publish(records(30))
      yield* TestClock.adjust("1 minute")
      yield* sink.publish(records(30, 30))
      assert.strictEqual(yield* sink.pending, 60)
      assert.lengthOf(warnings(), 1)
      assert.strictEqual((yield* Queue.take(health)).state, "down")
      broker.connect = Effect.void
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(flush)
      const expected = records(60)
      for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(expected, key))
      assert.strictEqual((yield* Queue.take(health)).state, "up")
    })
  )

  it.effect("ends at the start when Kafka denies access, and names the variable", () =>
    Effect.gen(function* () {
      const failure = yield* start({
        broker: (broker) => {
          broker.connect = Effect.fail(error("Denied", "wrong password: see KAFKA_SASL_PASSWORD"))
        }
      }).pipe(Effect.flip)
      assert.strictEqual(failure._tag, "SinkError")
      assert.include(failure.message, "KAFKA_SASL_PASSWORD")
    })
  )

  it.effect("ends at the start when a topic is missing and may not be created, and names both", () =>
    Effect.gen(function* () {
      const failure = yield* start({
        topics: { create: false },
        broker: (broker) => {
          broker.add("raw_trades")
          broker.add("continuity", { partitions: 1 })
        }
      }).pipe(Effect.flip)
      assert.include(failure.message, "dead_letter")
      assert.include(failure.message, "TOPIC_CREATE")
    })
  )

  it.effect("takes records for the other topics while a broker will not say anything of one", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start({
        broker: (broker) => {
          broker.faults.set("raw_trades", error("Busy", "raw_trades has no leader"))
        }
      })
      assert.deepStrictEqual(
        broker.created.map(({ name }) => name),
        ["dead_letter", "continuity", "positions"]
      )
      broker.faults.set("hidden", error("Denied"))
      yield* sink.publish([
        record(1),
        record(2, "BTCUSDT", "hidden"),
        record(3, "BTCUSDT", "elsewhere"),
        record(4, "BTCUSDT", "continuity")
      ])
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(broker.stored("continuity"), 1)
      assert.lengthOf(broker.stored("elsewhere"), 1)
      assert.strictEqual(yield* sink.pending, 2)
      assert.include(String(warnings()[0]?.annotations["reason"]), "raw_trades has no leader")
      broker.faults.clear()
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      assert.lengthOf(broker.stored("raw_trades"), 1)
      assert.lengthOf(broker.stored("hidden"), 1)
    })
  )

  it.effect("ends at the start when it may not look at one topic, and says at which", () =>
    Effect.gen(function* () {
      const failure = yield* start({
        broker: (broker) => void broker.faults.set("dead_letter", error("Denied", "dead_letter is not yours"))
      }).pipe(Effect.flip)
      assert.include(failure.message, "dead_letter is not yours")
    })
  )

  it.effect("goes on trying when a broker does not know a topic yet that may be created", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({
        broker: (broker) => {
          broker.describe = Effect.fail(error("MissingTopic"))
        }
      })
      broker.describe = Effect.void
      yield* sink.publish([record(1)])
      yield* sink.flush
      assert.lengthOf(broker.stored("raw_trades"), 1)
    })
  )

  for (const after of [6, 3, 8]) {
    it.effect(
      `goes on in order when a topic of 6 partitions is deleted while running and comes back with ${after}`,
      () =>
        Effect.gen(function* () {
          const { broker, sink } = yield* start()
          yield* sink.publish(records(50))
          yield* sink.flush
          broker.topics.delete("raw_trades")
          broker.create = () => Effect.sync(() => broker.add("raw_trades", { partitions: after }))
          broker.produce = ({ partition, topic }) =>
            Effect.succeed(
              broker.topics.get(topic)?.logs[partition] === undefined ? { error: error("MissingTopic") } : "stored"
            )
          yield* sink.publish(records(50, 50))
          yield* settle
          yield* sink.publish(records(50, 100))
          const flush = yield* Effect.forkChild(sink.flush)
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(flush)
          const expected = records(100, 50)
          for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(expected, key))
          assert.lengthOf(broker.stored("raw_trades"), 100)
          broker.topics.get("raw_trades")!.logs.forEach((log, partition) => {
            for (const { key } of log) assert.strictEqual(partitionOf(key, after), partition)
          })
        })
    )
  }

  it.effect("takes a topic that one broker did not know for the old one, though it has grown meanwhile", () =>
    Effect.gen(function* () {
      const { broker, lines, sink } = yield* start()
      yield* sink.publish(records(50))
      yield* sink.flush
      const { logs } = broker.topics.get("raw_trades")!
      broker.add("raw_trades", { partitions: 8 })
      broker.topics.get("raw_trades")!.logs.splice(0, 6, ...logs)
      broker.produce = () => Effect.succeed({ error: error("MissingTopic") })
      let looks = 0
      broker.describe = Effect.sync(() => {
        // Seen by all but the first look.
        if (looks++ === 0) broker.unknown.add("raw_trades")
        else broker.unknown.clear()
      })
      const known = lines.filter(({ message }) => message === "Topic created").length
      yield* sink.publish(records(50, 50))
      yield* settle
      broker.produce = () => Effect.succeed("stored")
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      assert.isAbove(looks, 1)
      assert.strictEqual(lines.filter(({ message }) => message === "Topic created").length, known)
      assert.deepStrictEqual(broker.topics.get("raw_trades")!.logs.slice(6).flat(), [])
      for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(records(100), key))
    })
  )

  it.effect("sends a refused record to the dead-letter topic, with the reason, and stores its neighbours", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      broker.produce = ({ records, topic }) =>
        Effect.succeed(
          topic === "raw_trades" && records.some(({ timestamp }) => timestamp === 7)
            ? { error: error("Refused", "the record is too large") }
            : "stored"
        )
      yield* sink.publish(Array.from({ length: 20 }, (_, n) => record(n)))
      yield* sink.flush
      assert.deepStrictEqual(
        broker.stored("raw_trades").map(({ timestamp }) => timestamp),
        Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 7)
      )
      const [dead, ...others] = broker.stored("dead_letter")
      assert.lengthOf(others, 0)
      assert.include(dead?.headers, { "event-id": "BTCUSDT:7", "dlq.reason": "the record is too large" })
      assert.strictEqual(Buffer.from(dead!.value).toString(), '{"n":7}')
      assert.strictEqual(yield* sink.pending, 0)
    })
  )

  it.effect("drops a dead letter that is refused in its turn, and says so", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start()
      broker.produce = () => Effect.succeed({ error: error("Refused") })
      yield* sink.publish([record(1)])
      yield* sink.flush
      assert.strictEqual(yield* sink.pending, 0)
      assert.deepStrictEqual(
        warnings().map(({ level }) => level),
        ["Warn", "Error"]
      )
    })
  )

  it.effect("cuts a dead letter to what its topic takes", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({
        broker: (broker) => broker.add("dead_letter", { partitions: 1, maxMessageBytes: 2000 })
      })
      yield* sink.publish([{ ...record(1, "btcusdt@trade", "dead_letter"), value: Buffer.alloc(5000, 0x61) }])
      yield* sink.flush
      const [dead] = broker.stored("dead_letter")
      assert.isBelow(dead!.value.byteLength, 2000)
      assert.isAbove(dead!.value.byteLength, 1000)
      assert.strictEqual(dead?.headers["dlq.bytes"], "5000")
      assert.match(dead?.headers["dlq.sha256"] ?? "", /^[0-9a-f]{64}$/)
    })
  )

  it.effect("keeps the size of the whole when a refused record is cut to fit the dead-letter topic", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({
        broker: (broker) => broker.add("dead_letter", { partitions: 1, maxMessageBytes: 2000 })
      })
      broker.produce = ({ topic }) =>
        Effect.succeed(topic === "raw_trades" ? { error: error("Refused", "too large") } : "stored")
      yield* sink.publish([{ ...record(1), value: Buffer.alloc(20_000, 0x61) }])
      yield* sink.flush
      const [dead] = broker.stored("dead_letter")
      assert.isBelow(dead!.value.byteLength, 2000)
      assert.strictEqual(dead?.headers["dlq.bytes"], "20000")
    })
  )

  it.effect("asks for a topic that is not in the settings when its first record comes", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      yield* sink.publish([record(1, "BTCUSDT", "elsewhere"), record(2, "BTCUSDT", "elsewhere")])
      yield* sink.flush
      assert.lengthOf(broker.stored("elsewhere"), 2)
      let asked = 0
      broker.describe = Effect.sync(() => void asked++)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(asked, 0)
    })
  )

  it.effect("keeps every key in order and stores everything once under random failures", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({ batch: 7 })
      broker.produce = Effect.fnUntraced(function* () {
        yield* Effect.sleep(yield* Random.nextIntBetween(0, 300))
        const dice = yield* Random.next
        if (dice < 0.2) return { error: error("Unreachable") }
        if (dice < 0.4) return { error: error("Doubt"), stored: yield* Random.nextBoolean }
        return dice < 0.5 ? { error: error("Moved") } : "stored"
      })
      const total = 1000
      for (let n = 0; n < total; n += 10) {
        yield* sink.publish(records(10, n))
        yield* TestClock.adjust(yield* Random.nextIntBetween(0, 50))
      }
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(flush)
      const expected = records(total)
      for (const key of KEYS) assert.deepStrictEqual(ids(broker.stored("raw_trades"), key), ids(expected, key))
      assert.lengthOf(broker.stored("raw_trades"), total)
    }).pipe(Random.withSeed("lanes"))
  )

  it.effect("tells whoever publishes or flushes when it is broken by a fault of its own", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      broker.produce = () => Effect.die("a fault of the driver")
      yield* sink.publish([record(1)])
      const flushed = yield* Effect.exit(sink.flush)
      assert.isTrue(Exit.isFailure(flushed))
      const published = yield* Effect.flip(sink.publish([record(2)]))
      assert.strictEqual(published._tag, "SinkError")
    })
  )

  it.effect("puts a send below the trace of its first record's batch, linked to those of the others", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const otel = { endpoint: Option.some(new URL("http://127.0.0.1:1")), serviceName: "", ratio: 1 }
      const { broker, sink } = yield* start({ otel }).pipe(Spans.within(kept))
      const of = (trace: string, n: number) => {
        const one = record(n)
        const traceparent = `00-${trace.repeat(32)}-${trace.repeat(16)}-01`
        return { ...one, headers: { ...one.headers, ...(trace !== "" && { traceparent }) } }
      }
      let failures = 1
      broker.produce = () => Effect.sync(() => (failures-- > 0 ? { error: error("Busy") } : "stored"))
      yield* sink.publish([of("", 1), of("a", 2), of("b", 3), of("a", 4)])
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flush)
      yield* sink.publish([record(5)])
      yield* sink.flush
      const sends = kept.spans.filter(({ name }) => name.startsWith("send"))
      assert.deepStrictEqual(
        sends.map((span) => [span.name, span.kind, span.traceId, kept.failed(span)]),
        [
          ["send raw_trades", "client", "a".repeat(32), true],
          ["send raw_trades", "client", "a".repeat(32), false]
        ]
      )
      const [, last] = sends
      assert(last !== undefined)
      assert.deepStrictEqual(
        last.links.map(({ span }) => span.traceId),
        ["b".repeat(32)]
      )
      assert.deepStrictEqual(kept.attributes(last), {
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "raw_trades",
        "messaging.destination.partition.id": String(broker.calls[0]?.partition),
        "messaging.batch.message_count": 4,
        "messaging.client.id": "binance-kafka-connector",
        "messaging.kafka.offset": 0
      })
    })
  )

  it.effect("counts what is stored, what fails and what is pending", () =>
    Effect.gen(function* () {
      const counts = Effect.gen(function* () {
        return {
          stored: (yield* Metric.value(Telemetry.recordsStored)).count,
          busy: (yield* Metric.value(Metric.withAttributes(Telemetry.sendFailures, { kind: "Busy" }))).count,
          sends: (yield* Metric.value(Telemetry.sendSeconds)).count,
          pending: (yield* Metric.value(Telemetry.recordsPending)).value,
          pendingBytes: (yield* Metric.value(Telemetry.bytesPending)).value > 0
        }
      })
      const before = yield* counts
      const { broker, sink } = yield* start()
      const gate = yield* Deferred.make<void>()
      let failures = 1
      broker.produce = () =>
        Effect.as(Deferred.await(gate), failures-- > 0 ? { error: error("Busy") } : ("stored" as const))
      yield* sink.publish([record(1), record(2)])
      const during = yield* counts
      assert.deepStrictEqual(during, { ...before, pending: 2, pendingBytes: true })
      yield* Deferred.succeed(gate, undefined)
      const flush = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(flush)
      assert.deepStrictEqual(yield* counts, {
        stored: before.stored + 2,
        busy: before.busy + 1,
        sends: before.sends + 1,
        pending: 0,
        pendingBytes: false
      })
    })
  )

  it.effect("sends nothing more once its scope is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { broker, sink } = yield* start().pipe(Scope.provide(scope))
      broker.produce = () => Effect.succeed({ error: error("Unreachable") })
      yield* sink.publish([record(1)])
      yield* settle
      yield* Scope.close(scope, Exit.void)
      const calls = broker.calls.length
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(broker.calls, calls)
    })
  )
})
