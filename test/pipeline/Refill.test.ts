/** What is said when asking the exchange's history goes wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import { HistoryError, MarketHistory } from "../../src/services/MarketHistory.ts"
import * as LogProbe from "../support/logProbe.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"

const settings = settingsLayer({ binance: { ...testSettings().binance, streams: streamNames("bctusdt@trade") } })

/** The lines about the history in ten minutes of silence, by message, and how often it was asked. */
const linesOf = Effect.fnUntraced(function* (error: HistoryError) {
  const probe = yield* LogProbe.make
  let asked = 0
  const failing = Effect.suspend(() => {
    asked++
    return Effect.fail(error)
  })
  const history = Layer.succeed(MarketHistory, { serves: () => true, page: () => failing, newest: () => failing })
  const context = yield* Layer.build(
    Layer.mergeAll(MemoryFeed.layer, MemorySink.layer, HealthState.layer, settings, history, probe.layer)
  )
  yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  yield* TestClock.adjust(0)
  yield* Effect.repeat(TestClock.adjust("10 seconds"), { times: 60 })
  const lines = (yield* Queue.clear(probe.events)).filter(({ annotations }) => annotations["reason"] === error.message)
  return { asked, lines: lines.map(({ annotations, message }) => [message, annotations["stream"]]) }
})

describe("Refill", () => {
  it.effect("says once of a stream that the history refuses it, and not that it does not answer", () =>
    Effect.gen(function* () {
      const { asked, lines } = yield* linesOf(new HistoryError({ message: "Invalid symbol.", isRefusal: true }))
      assert.isAbove(asked, 5)
      assert.deepStrictEqual(lines, [["The exchange answers, and does not tell a stream's history", "bctusdt@trade"]])
    }).pipe(Effect.scoped)
  )

  it.effect("says it each time that the history does not answer", () =>
    Effect.gen(function* () {
      const { asked, lines } = yield* linesOf(new HistoryError({ message: "status 503" }))
      assert.isAbove(asked, 5)
      assert.lengthOf(lines, asked)
      assert.deepStrictEqual(lines[0], ["The exchange's history does not answer: asking again", "bctusdt@trade"])
    }).pipe(Effect.scoped)
  )
})
