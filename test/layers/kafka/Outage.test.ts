import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as Outage from "../../../src/layers/kafka/Outage.ts"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"
import * as HealthProbe from "../../support/healthProbe.ts"
import * as LogProbe from "../../support/logProbe.ts"
import { settingsLayer } from "../../support/settings.ts"

const of = (code: string, kind: KafkaError["kind"] = "Unreachable") =>
  new KafkaError({ kind, code, message: `127.0.0.1:9092: connect ${code}` })

const Test = Layer.provideMerge(StatusBoard.layer, Layer.merge(settingsLayer(), HealthProbe.layer))

describe("Outage", () => {
  it.effect("warns of each reason once in an outage, however often it comes", () =>
    Effect.gen(function* () {
      const probe = yield* LogProbe.make
      const said = Effect.map(Queue.clear(probe.events), (lines) =>
        lines.map(({ annotations, message }) => annotations["reason"] ?? message)
      )
      yield* Effect.gen(function* () {
        const outage = yield* Outage.make
        for (let retry = 0; retry < 3; retry++) {
          yield* outage.failed("t/0", of("ECONNRESET"))
          yield* outage.failed("t/1", of("ECONNRESET"))
        }
        assert.deepStrictEqual(yield* said, [of("ECONNRESET").message])
        for (let retry = 0; retry < 3; retry++) {
          yield* outage.failed("t/0", of("ECONNREFUSED"))
          yield* outage.failed("t/1", of("ECONNRESET"))
        }
        assert.deepStrictEqual(yield* said, [of("ECONNREFUSED").message])
        yield* outage.failed("t/0", of("NOT_LEADER_FOR_PARTITION", "Moved"))
        assert.deepStrictEqual(yield* said, [of("NOT_LEADER_FOR_PARTITION").message])

        yield* TestClock.adjust("3 seconds")
        yield* outage.works("t/0")
        yield* outage.works("t/1")
        assert.deepStrictEqual(yield* said, ["Kafka stores again"])
        yield* outage.failed("t/0", of("ECONNREFUSED"))
        assert.deepStrictEqual(yield* said, [of("ECONNREFUSED").message])
      }).pipe(Effect.provide(probe.layer))
    }).pipe(Effect.scoped, Effect.provide(Test))
  )
})
