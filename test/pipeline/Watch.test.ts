import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue, Stream } from "effect"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as Watch from "../../src/pipeline/Watch.ts"
import { MarketFeed, type Renewed } from "../../src/services/MarketFeed.ts"
import * as LogProbe from "../support/logProbe.ts"
import { settingsLayer, streamNames } from "../support/settings.ts"

const [stream] = streamNames("btcusdt@trade")

/** What is said of a stream that the history is ahead of, by what the feed has asked for. */
const saidOf = Effect.fnUntraced(function* (renewed: Renewed) {
  const probe = yield* LogProbe.make
  const feed = MarketFeed.of({
    frames: () => Stream.never,
    notices: Stream.never,
    renew: () => Effect.succeed(renewed),
    change: () => Effect.void,
    close: Effect.void
  })
  yield* Effect.gen(function* () {
    const watch = yield* Watch.make([stream!], () => Effect.void)
    yield* watch.mute(stream!)
  }).pipe(
    Effect.provide(Layer.mergeAll(settingsLayer(), HealthState.layer, Layer.succeed(MarketFeed, feed), probe.layer))
  )
  return (yield* Queue.clear(probe.events)).map(({ annotations, message }) => [message, annotations["names"]])
})

describe("Watch", () => {
  it.effect("says that a connection lives only where others come on it", () =>
    Effect.gen(function* () {
      const streams = streamNames("btcusdt@trade")
      assert.deepStrictEqual(yield* saidOf({ alone: streams, silent: [] }), [
        ["Streams are mute though their connection lives: asking for them anew", "btcusdt@trade"]
      ])
      assert.deepStrictEqual(yield* saidOf({ alone: [], silent: streams }), [
        ["Nothing comes on a connection that is open: asking for its streams anew", "btcusdt@trade"]
      ])
      // It is away.
      assert.deepStrictEqual(yield* saidOf({ alone: [], silent: [] }), [])
    }).pipe(Effect.scoped)
  )
})
