import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as Findings from "../../../src/layers/kafka/Findings.ts"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import { Status } from "../../../src/services/Status.ts"

const record = (instance: string) => ({ key: "BTCUSDT", offset: 7, headers: { "event-id": "a", instance } })

describe("Findings", () => {
  it.effect("name the other connector until some minutes after its last record", () =>
    Effect.gen(function* () {
      const findings = yield* Findings.make
      const { troubles } = yield* Status
      yield* findings.foreign("raw_trades", [{ ...record("1"), headers: {} }])
      assert.deepStrictEqual(troubles(), [])
      yield* findings.foreign("raw_trades", [record("27371286")])
      yield* TestClock.adjust("4 minutes")
      yield* findings.foreign("raw_trades", [record("27371286")])
      yield* TestClock.adjust("4 minutes")
      assert.deepStrictEqual(troubles(), [
        {
          name: "raw_trades (another connector)",
          text: "instance 27371286 writes there too: stop one of them",
          since: 0
        }
      ])
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(troubles(), [])
    }).pipe(Effect.provide(Layer.merge(StatusBoard.layer, Logger.layer([]))))
  )
})
