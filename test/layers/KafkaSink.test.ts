import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Metric, Option, Queue, Random, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Telemetry from "../../src/services/Telemetry.ts"
import * as Spans from "../support/spans.ts"
import { error, ids, KEYS, record, records, settle, start } from "../support/kafkaSink.ts"

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
      const before = releasable.waiting().bytes
      const { tried, untried } = yield* releasable.release
      assert.isNotEmpty(tried)
      assert.strictEqual(tried.length + untried.length, 100)
      for (const key of KEYS) assert.deepStrictEqual(ids([...tried, ...untried], key), ids(records(100), key))
      assert.strictEqual(yield* sink.pending, tried.length)
      assert.isBelow(releasable.waiting().bytes, before)
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
