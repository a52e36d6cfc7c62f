import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Inbox from "../../../src/layers/binance/Inbox.ts"

const frame = (bytes = 10) => ({ bytes: new Uint8Array(bytes), receivedAt: 0 })

/** An inbox, and the sizes of the chunks that come out of it. */
const start = Effect.gen(function* () {
  const inbox = yield* Inbox.make(Duration.millis(8))
  const chunks = yield* Queue.unbounded<number>()
  const reader = yield* Stream.runForEachArray(inbox.frames, (frames) => Queue.offer(chunks, frames.length)).pipe(
    Effect.forkScoped({ startImmediately: true })
  )
  return { inbox, reader, taken: Queue.clear(chunks) }
})

describe("Inbox", () => {
  it.effect("lets a frame wait for others, but not for long", () =>
    Effect.gen(function* () {
      const { inbox, taken } = yield* start
      inbox.offer(frame())
      yield* TestClock.adjust("7 millis")
      assert.deepStrictEqual(yield* taken, [])
      inbox.offer(frame())
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* taken, [2])
      // The next one's wait begins when it comes.
      yield* TestClock.adjust("1 minute")
      inbox.offer(frame())
      yield* TestClock.adjust("7 millis")
      assert.deepStrictEqual(yield* taken, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* taken, [1])
    })
  )

  it.effect("gives what it holds when it ends, a frame that waits included", () =>
    Effect.gen(function* () {
      const { inbox, reader, taken } = yield* start
      inbox.offer(frame())
      yield* TestClock.adjust("1 millis")
      yield* inbox.end
      yield* TestClock.adjust("8 millis")
      yield* Fiber.join(reader)
      assert.deepStrictEqual(yield* taken, [1])
    })
  )

  it.effect("ends at once while nothing comes", () =>
    Effect.gen(function* () {
      const { inbox, reader } = yield* start
      yield* TestClock.adjust("1 second")
      yield* inbox.end
      yield* TestClock.adjust("8 millis")
      yield* Fiber.join(reader)
    })
  )

  it.effect("fails behind what it holds, in the order it came, and takes no more", () =>
    Effect.gen(function* () {
      const inbox = yield* Inbox.make(Duration.millis(8))
      const frames = Array.from({ length: 100 }, (_, receivedAt) => ({ bytes: new Uint8Array(), receivedAt }))
      const taken: Array<number> = []
      for (const one of frames.slice(0, 90)) inbox.offer(one)
      yield* inbox.fail(Cause.die("a bug"))
      for (const one of frames.slice(90)) inbox.offer(one)
      const exit = yield* Stream.runForEach(inbox.frames, ({ receivedAt }) =>
        Effect.sync(() => void taken.push(receivedAt))
      ).pipe(Effect.exit)
      assert.deepStrictEqual(
        taken,
        frames.slice(0, 90).map(({ receivedAt }) => receivedAt)
      )
      assert.deepStrictEqual(exit, Exit.die("a bug"))
    })
  )

  it.effect("stops the sockets while it is full, and lets them go on when it is read", () =>
    Effect.gen(function* () {
      const inbox = yield* Inbox.make(Duration.millis(8))
      let reading = true
      inbox.attach({ pause: () => void (reading = false), resume: () => void (reading = true) })
      for (let n = 0; n < 3; n++) inbox.offer(frame(1024 * 1024))
      assert.isFalse(reading)
      assert.isTrue(inbox.isPaused())
      yield* Stream.runDrain(inbox.frames).pipe(Effect.forkScoped)
      yield* TestClock.adjust("8 millis")
      assert.isTrue(reading)
      assert.strictEqual(inbox.pauses(), 1)
    })
  )
})
