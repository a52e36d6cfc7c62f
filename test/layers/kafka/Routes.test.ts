import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as KafkaSink from "../../../src/layers/KafkaSink.ts"
import { estimatedBytes } from "../../../src/pipeline/Lane.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { EventSink } from "../../../src/services/EventSink.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"
import * as HealthProbe from "../../support/healthProbe.ts"
import * as ScriptedKafka from "../../support/scriptedKafka.ts"
import { settingsLayer } from "../../support/settings.ts"

const record = (n: number, topic: string, bytes: number): SinkRecord => ({
  topic,
  key: "BTCUSDT",
  value: Buffer.alloc(bytes, "x"),
  timestamp: n,
  headers: { "event-id": String(n), "content-type": "application/json" }
})

const sizeOf = (records: ReadonlyArray<SinkRecord>) => records.reduce((sum, record) => sum + estimatedBytes(record), 0)

const start = Effect.fnUntraced(function* (broker: ScriptedKafka.Broker) {
  const environment = Layer.mergeAll(settingsLayer(), ScriptedKafka.layer(broker), HealthProbe.layer, Logger.layer([]))
  return Context.get(yield* Layer.build(KafkaSink.layer.pipe(Layer.provide(environment))), EventSink)
})

describe("Routes", () => {
  it.effect("cuts a dead letter that is refused by halves until it is taken", () =>
    Effect.gen(function* () {
      const broker = ScriptedKafka.makeBroker()
      broker.produce = ({ records }) =>
        Effect.succeed(
          sizeOf(records) > 2000 ? { error: new KafkaError({ kind: "Refused", message: "too large" }) } : "stored"
        )
      const sink = yield* start(broker)
      yield* sink.publish([record(1, "dead_letter", 100_000), record(2, "dead_letter", 10)])
      yield* sink.flush
      const letters = broker.stored("dead_letter")
      assert.sameMembers(
        letters.map(({ headers }) => headers["event-id"]),
        ["1", "2"]
      )
      const cut = letters.find(({ timestamp }) => timestamp === 1)
      assert.strictEqual(cut?.value.byteLength, 1562)
      assert.strictEqual(cut?.headers["dlq.bytes"], "100000")
      assert.strictEqual(yield* sink.pending, 0)
    })
  )
})
