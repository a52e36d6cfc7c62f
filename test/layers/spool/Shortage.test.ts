import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import * as Shortage from "../../../src/layers/spool/Shortage.ts"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import { Status } from "../../../src/services/Status.ts"
import { settingsLayer } from "../../support/settings.ts"

const ticker = (n: number) => ({
  topic: "raw_tickers",
  key: "BTCUSDT",
  value: new Uint8Array(8),
  timestamp: n,
  headers: { "event-id": `binance:spot:ticker:BTCUSDT:${n}:0badcafe` }
})

describe("Shortage", () => {
  it.effect("is told to people from the first record that is not kept until nothing waits any more", () =>
    Effect.gen(function* () {
      const shortage = yield* Shortage.make("/data/spool")
      const status = yield* Status
      const troubles = () => status.troubles().map(({ name, text }) => `${name}: ${text}`)
      assert.deepStrictEqual(troubles(), [])
      yield* shortage.refuse([ticker(1), ticker(2)], "SPOOL_MAX_BYTES=8000 is reached")
      yield* shortage.refuse([ticker(3)], "SPOOL_MAX_BYTES=8000 is reached")
      yield* shortage.hasRoom
      assert.deepStrictEqual(troubles(), [
        "spool (losing records): 3 records were not kept: SPOOL_MAX_BYTES=8000 is reached"
      ])
      yield* shortage.emptied
      assert.deepStrictEqual([troubles(), status.spool.dropped], [[], 3])
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(settingsLayer(), StatusBoard.layer, Logger.layer([]))))
  )

  it.effect("goes on for people until streams that wait to be caught up are taken again", () =>
    Effect.gen(function* () {
      const shortage = yield* Shortage.make("/data/spool")
      const { troubles } = yield* Status
      const trade = (id: number) => ({
        ...ticker(id),
        topic: "raw_trades",
        headers: { "event-id": `binance:spot:trade:BTCUSDT:${id}` }
      })
      yield* shortage.refuse([trade(1)], "SPOOL_MAX_BYTES=8000 is reached")
      yield* shortage.emptied
      assert.lengthOf(yield* shortage.admit([trade(2)]), 0)
      assert.deepStrictEqual(
        troubles().map(({ text }) => text),
        ["2 records were not kept: SPOOL_MAX_BYTES=8000 is reached"]
      )
      assert.lengthOf(yield* shortage.readmit, 1)
      assert.deepStrictEqual(troubles(), [])
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(settingsLayer(), StatusBoard.layer, Logger.layer([]))))
  )
})
