import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import { FeedError, type FeedNotice, MarketFeed } from "../../src/services/MarketFeed.ts"
import { streamNames } from "../support/settings.ts"

describe("MemoryFeed", () => {
  it.effect("gives text and bytes as offered, with the time of the offer, and ends", () =>
    Effect.gen(function* () {
      const feed = yield* MarketFeed
      const { end, offer } = yield* MemoryFeed.MemoryFrames
      yield* TestClock.adjust(5)
      yield* offer("é")
      yield* TestClock.adjust(5)
      yield* offer(new Uint8Array([0xff, 0]))
      yield* end
      assert.isFalse(yield* offer("too late"))
      assert.deepStrictEqual(
        (yield* Stream.runCollect(feed.frames([]))).map(({ bytes, receivedAt }) => [
          Buffer.from(bytes).toString("hex"),
          receivedAt
        ]),
        [
          ["c3a9", 5],
          ["ff00", 10]
        ]
      )
    }).pipe(Effect.provide(MemoryFeed.layer))
  )

  it.effect("closes like a real feed: what was offered still comes out", () =>
    Effect.gen(function* () {
      const feed = yield* MarketFeed
      yield* (yield* MemoryFeed.MemoryFrames).offer("a")
      yield* feed.close
      assert.strictEqual((yield* Stream.runCollect(feed.frames([]))).length, 1)
    }).pipe(Effect.provide(MemoryFeed.layer))
  )

  it.effect("fails behind what was offered", () =>
    Effect.gen(function* () {
      const feed = yield* MarketFeed
      const { fail, offer } = yield* MemoryFeed.MemoryFrames
      yield* offer("a")
      yield* fail(new FeedError({ message: "gone" }))
      const seen: Array<number> = []
      const error = yield* Effect.flip(
        Stream.runForEach(feed.frames([]), ({ bytes }) => Effect.sync(() => seen.push(bytes.byteLength)))
      )
      assert.strictEqual(error.message, "gone")
      assert.deepStrictEqual(seen, [1])
    }).pipe(Effect.provide(MemoryFeed.layer))
  )

  it.effect("hands on notices until its end, and what it was asked to renew", () =>
    Effect.gen(function* () {
      const feed = yield* MarketFeed
      const { end, notice, renewals } = yield* MemoryFeed.MemoryFrames
      const streams = streamNames("btcusdt@ticker")
      yield* feed.renew(streams)
      assert.deepStrictEqual(yield* Queue.take(renewals), streams)
      const rollover: FeedNotice = {
        type: "rollover",
        connection: "binance-1",
        streams,
        reason: "age",
        from: 1,
        to: 2
      }
      yield* notice(rollover)
      yield* end
      assert.deepStrictEqual(yield* Stream.runCollect(feed.notices), [rollover])
    }).pipe(Effect.provide(MemoryFeed.layer))
  )

  it.effect("makes an offer wait for the reader when it is bounded", () =>
    Effect.gen(function* () {
      const feed = yield* MarketFeed
      const { offer } = yield* MemoryFeed.MemoryFrames
      yield* offer("1")
      const second = yield* Effect.forkChild(offer("2"), { startImmediately: true })
      yield* Effect.yieldNow
      assert.isUndefined(second.pollUnsafe())
      assert.strictEqual((yield* feed.frames([]).pipe(Stream.take(2), Stream.runCollect)).length, 2)
      assert.isTrue(yield* Fiber.join(second))
    }).pipe(Effect.provide(MemoryFeed.layerBounded(1)))
  )
})
