/** What the Kafka sink writes for the live page. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Health } from "../../src/services/Health.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import { Status } from "../../src/services/Status.ts"
import * as ScriptedKafka from "../support/scriptedKafka.ts"
import { settingsLayer } from "../support/settings.ts"

const record = (n: number): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.from(`{"n":${n}}`),
  timestamp: n,
  headers: { "event-id": `BTCUSDT:${n}` }
})

const start = Effect.gen(function* () {
  const broker = ScriptedKafka.makeBroker()
  const context = yield* Layer.build(
    KafkaSink.layer.pipe(
      Layer.provideMerge(HealthState.layer.pipe(Layer.provideMerge(StatusBoard.layer))),
      Layer.provide(Layer.mergeAll(settingsLayer(), ScriptedKafka.layer(broker), Logger.layer([])))
    )
  )
  return {
    broker,
    sink: Context.get(context, EventSink),
    status: Context.get(context, Status),
    health: Context.get(context, Health)
  }
})

describe("the Kafka sink's figures", () => {
  it.effect("say what waits, what is in flight, what was acknowledged and what went wrong last", () =>
    Effect.gen(function* () {
      const { broker, sink, status } = yield* start
      const asked = yield* Deferred.make<void>()
      const answer = yield* Deferred.make<ScriptedKafka.Verdict>()
      broker.produce = ({ topic }) =>
        topic === "raw_trades"
          ? Effect.andThen(Deferred.succeed(asked, undefined), Deferred.await(answer))
          : Effect.succeed("stored")
      const kafka = () => status.figures().kafka!
      assert.deepStrictEqual([kafka().acks, kafka().inFlight, kafka().waitingRecords], [0, 0, 0])

      yield* sink.publish([record(1), record(2)])
      yield* Deferred.await(asked)
      assert.deepStrictEqual([kafka().inFlight, kafka().waitingRecords, kafka().lastError], [1, 2, null])
      assert.isAbove(kafka().waitingBytes, 0)

      yield* TestClock.adjust("40 millis")
      yield* Deferred.succeed(answer, { error: new KafkaError({ kind: "Busy", message: "too few replicas" }) })
      broker.produce = () => Effect.succeed("stored")
      yield* TestClock.adjust("5 seconds")
      yield* sink.flush
      const { acks, failures, inFlight, lastError, records, sendMs, waitingRecords } = kafka()
      assert.deepStrictEqual({ failures, inFlight, waitingRecords }, { failures: 1, inFlight: 0, waitingRecords: 0 })
      assert.isAtLeast(acks, 1)
      assert.isAtLeast(records, 2)
      assert.deepStrictEqual(sendMs?.p50, 0)
      assert.deepStrictEqual([lastError?.kind, lastError?.message], ["Busy", "too few replicas"])
      assert.match(lastError?.where ?? "", /^raw_trades\/\d$/)
    })
  )

  it.effect("say which stream's records Kafka refuses, until some minutes after the last one", () =>
    Effect.gen(function* () {
      const { broker, sink, status } = yield* start
      broker.produce = ({ topic }) =>
        Effect.succeed(
          topic === "dead_letter" ? "stored" : { error: new KafkaError({ kind: "Refused", message: "too large" }) }
        )
      yield* sink.publish([{ ...record(1), headers: { "event-id": "binance:spot:trade:BTCUSDT:1" } }])
      yield* sink.flush
      assert.deepStrictEqual(
        status.troubles().map(({ name, text }) => [name, text]),
        [["btcusdt@trade (refused)", "Kafka refuses its records, they become dead letters: too large"]]
      )
      assert.deepInclude(status.figures().kafka?.lastError, { kind: "Refused", message: "too large" })
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(status.troubles(), [])
    })
  )

  it.effect("say which topic is not stored where the others are", () =>
    Effect.gen(function* () {
      const { broker, health, sink } = yield* start
      broker.produce = ({ topic }) =>
        Effect.succeed(
          topic === "raw_tickers" ? { error: new KafkaError({ kind: "Busy", message: "too few replicas" }) } : "stored"
        )
      for (let second = 0; second < 10; second++) {
        yield* sink.publish([record(second), { ...record(second), topic: "raw_tickers" }])
        yield* TestClock.adjust("1 seconds")
      }
      assert.deepStrictEqual((yield* health.report).sink, {
        state: "down",
        detail: "raw_tickers (the other topics are stored): too few replicas"
      })
    })
  )
})
