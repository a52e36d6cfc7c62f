/** What the Kafka sink writes for the live page. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
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

describe("the Kafka sink's figures", () => {
  it.effect("say what waits, what is in flight, what was acknowledged and what went wrong last", () =>
    Effect.gen(function* () {
      const broker = ScriptedKafka.makeBroker()
      const asked = yield* Deferred.make<void>()
      const answer = yield* Deferred.make<ScriptedKafka.Verdict>()
      broker.produce = ({ topic }) =>
        topic === "raw_trades"
          ? Effect.andThen(Deferred.succeed(asked, undefined), Deferred.await(answer))
          : Effect.succeed("stored")
      const context = yield* Layer.build(
        KafkaSink.layer.pipe(
          Layer.provideMerge(StatusBoard.layer),
          Layer.provide(
            Layer.mergeAll(settingsLayer(), ScriptedKafka.layer(broker), HealthState.layer, Logger.layer([]))
          )
        )
      )
      const sink = Context.get(context, EventSink)
      const kafka = () => Context.get(context, Status).figures().kafka!
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
})
