/** What the pipeline writes for the live page. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import { Status } from "../../src/services/Status.ts"
import { goodFrame } from "../support/hostile.ts"
import { settingsLayer } from "../support/settings.ts"

const start = Effect.gen(function* () {
  const context = yield* Layer.build(
    Layer.mergeAll(MemoryFeed.layer, MemorySink.layer, MemoryHistory.none).pipe(
      Layer.provideMerge(Layer.mergeAll(settingsLayer(), HealthState.layer, StatusBoard.layer, Logger.layer([])))
    )
  )
  yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  yield* TestClock.adjust(0)
  const frames = Context.get(context, MemoryFeed.MemoryFrames)
  const status = Context.get(context, Status)
  return {
    offer: (...messages: ReadonlyArray<string>) =>
      Effect.andThen(Effect.forEach(messages, frames.offer, { discard: true }), TestClock.adjust(0)),
    stream: () => {
      const { rate: _, ...stream } = status.figures().streams.get("btcusdt@trade")!
      return stream
    },
    figures: status.figures,
    troubles: () => status.troubles().map(({ name, text }) => `${name}: ${text}`)
  }
})

const fresh = { events: 0, lastAt: null, lastId: null, gapsOpen: 0, gapsFilled: 0, gapsLost: 0, duplicates: 0 }

describe("the pipeline's figures", () => {
  it.effect("say of a stream what came, how far it is and what was dropped", () =>
    Effect.gen(function* () {
      const { offer, stream } = yield* start
      assert.deepStrictEqual(stream(), fresh)
      yield* TestClock.adjust("5 seconds")
      yield* offer(goodFrame(7), goodFrame(8), goodFrame(8))
      assert.deepStrictEqual(stream(), { ...fresh, events: 3, lastAt: 5000, lastId: 8, duplicates: 1 })
    })
  )

  it.effect("say that a gap is open, and what is said of it on the continuity topic", () =>
    Effect.gen(function* () {
      const { figures, offer, stream } = yield* start
      yield* offer(goodFrame(1), goodFrame(5))
      yield* TestClock.adjust("10 seconds")
      const { gapsLost, gapsOpen, lastId } = stream()
      assert.deepStrictEqual([gapsOpen, gapsLost, lastId], [0, 1, 5])
      assert.deepStrictEqual(
        figures().continuity.map(({ from, stream, to, type }) => [type, stream, from, to]),
        [["gap-opened", "btcusdt@trade", 2, 4]]
      )
    })
  )

  it.effect("show what was no event, and why", () =>
    Effect.gen(function* () {
      const { figures, offer } = yield* start
      yield* offer("{", goodFrame(1).replace('"p":"1.0"', '"p":1'))
      const { latest, total } = figures().deadLetters
      assert.strictEqual(total, 2)
      assert.deepStrictEqual(
        latest.map(({ field, stream }) => [stream, field]),
        [
          ["btcusdt@trade", "p"],
          ["unknown", null]
        ]
      )
      assert.match(latest[1]?.reason ?? "", /not valid JSON/)
    })
  )

  it.effect("say of a stream that its events become dead letters, until some minutes after the last one", () =>
    Effect.gen(function* () {
      const { offer, troubles } = yield* start
      const bad = goodFrame(1).replace('"p":"1.0"', '"p":1')
      yield* offer(bad, "{", goodFrame(2).replaceAll("btcusdt", "whatever@you@like"))
      const [first, second, ...others] = troubles()
      assert.match(first ?? "", /^btcusdt@trade \(dead letters\): field p: Expected string/)
      assert.strictEqual(second, "frames (dead letters): field stream: not a configured stream")
      assert.deepStrictEqual(others, [])
      yield* TestClock.adjust("90 seconds")
      yield* offer(bad)
      yield* TestClock.adjust("90 seconds")
      assert.lengthOf(troubles(), 1)
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(troubles(), [])
    })
  )

  it.effect("say of a stream that nothing of it is new", () =>
    Effect.gen(function* () {
      const { offer, troubles } = yield* start
      yield* offer(goodFrame(1000))
      for (let id = 1; id <= 7; id++) {
        yield* TestClock.adjust("1 seconds")
        yield* offer(goodFrame(id))
      }
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(troubles(), [
        "btcusdt@trade (nothing new): all that comes had been published before: do its topics hold another exchange's ids (TOPIC_PREFIX)?"
      ])
      yield* offer(goodFrame(1001))
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(troubles(), [])
    })
  )
})
