/** What is said when asking the exchange's history goes wrong, and what that means for being up to date. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import { Health } from "../../src/services/Health.ts"
import { HistoryError, MarketHistory } from "../../src/services/MarketHistory.ts"
import { Positions } from "../../src/services/Positions.ts"
import * as LogProbe from "../support/logProbe.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"
import { standingsOf } from "../support/standings.ts"

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

const away = new HistoryError({ message: "status 503" })
const refusal = new HistoryError({ message: "Invalid symbol.", isRefusal: true })

/** Whether it is up to date after minutes in which nothing comes of a stream that an earlier run has carried. */
const stateWith = Effect.fnUntraced(function* (history: Pick<MarketHistory["Service"], "newest">) {
  const context = yield* Layer.build(
    Layer.mergeAll(
      MemoryFeed.layer,
      MemorySink.layer,
      HealthState.layer,
      settings,
      Layer.succeed(MarketHistory, { serves: () => true, page: () => Effect.fail(away), ...history }),
      Layer.succeed(Positions, {
        isKept: true,
        load: () => Effect.succeed(standingsOf({ "bctusdt@trade": { last: 10, at: 10, gaps: [] } })),
        begin: Effect.void
      }),
      (yield* LogProbe.make).layer
    )
  )
  yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  yield* Effect.repeat(TestClock.adjust("10 seconds"), { times: 30 })
  return (yield* Context.get(context, Health).report).resume.state
})

describe("a silent stream", () => {
  it.effect.each([
    { what: "the history knows of nothing newer", newest: Effect.succeedSome(10), state: "up" },
    { what: "the history has nothing to tell of it", newest: Effect.succeedNone, state: "up" },
    { what: "the history refuses it", newest: Effect.fail(refusal), state: "up" },
    { what: "the history does not answer", newest: Effect.fail(away), state: "starting" },
    {
      what: "the history knows of newer ones and does not give them",
      newest: Effect.succeedSome(20),
      state: "starting"
    }
  ])("is $state where $what", ({ newest, state }) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* stateWith({ newest: () => newest }), state)
    }).pipe(Effect.scoped)
  )
})

describe("Refill", () => {
  it.effect("says once of a stream that the history refuses it, and not that it does not answer", () =>
    Effect.gen(function* () {
      const { asked, lines } = yield* linesOf(refusal)
      assert.isAbove(asked, 5)
      assert.deepStrictEqual(lines, [["The exchange answers, and does not tell a stream's history", "bctusdt@trade"]])
    }).pipe(Effect.scoped)
  )

  it.effect("says it each time that the history does not answer", () =>
    Effect.gen(function* () {
      const { asked, lines } = yield* linesOf(away)
      assert.isAbove(asked, 5)
      assert.lengthOf(lines, asked)
      assert.deepStrictEqual(lines[0], ["The exchange's history does not answer: asking again", "bctusdt@trade"])
    }).pipe(Effect.scoped)
  )
})
