import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Semaphore } from "effect"
import type { Part, PartAnswer } from "../../../src/layers/wire/Connection.ts"
import * as Sends from "../../../src/layers/wire/Sends.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"

const part = (partition: number, bytes = 10): Part => ({
  topic: "t",
  partition,
  records: [{ topic: "t", key: "k", value: new Uint8Array(bytes), timestamp: 0, headers: {} }]
})

const answerOf = ({ partition, topic }: Part): PartAnswer => ({ topic, partition, errorCode: 0, baseOffset: partition })

/** A broker that answers when it is told to. */
const make = Effect.fnUntraced(function* (permits = 5) {
  const requests: Array<{
    readonly partitions: ReadonlyArray<number>
    readonly encoded: () => void
    readonly answer: Effect.Effect<void>
    readonly fail: Effect.Effect<void>
  }> = []
  const scope = yield* Effect.scope
  const sends = Sends.make({
    turns: yield* Semaphore.make(permits),
    fork: (run) => Effect.forkIn(run, scope),
    request: (parts, encoded) =>
      Effect.gen(function* () {
        const answered = yield* Deferred.make<ReadonlyArray<PartAnswer>, KafkaError>()
        requests.push({
          partitions: parts.map(({ partition }) => partition),
          encoded,
          answer: Effect.asVoid(Deferred.succeed(answered, parts.map(answerOf))),
          fail: Effect.asVoid(Deferred.fail(answered, new KafkaError({ kind: "Doubt", message: "no answer" })))
        })
        return yield* Deferred.await(answered)
      })
  })
  const encoded: Array<number> = []
  const send = (one: Part) =>
    Effect.forkChild(
      sends.send(one, () => void encoded.push(one.partition)),
      { startImmediately: true }
    )
  return { requests, send, encoded }
})

const settle = Effect.repeat(Effect.yieldNow, { times: 5 })

describe("Sends", () => {
  it.effect("sends what is ready in the same turn as one request, and gives each its answers", () =>
    Effect.gen(function* () {
      const { encoded, requests, send } = yield* make()
      const fibers = [yield* send(part(0)), yield* send(part(1)), yield* send(part(2))]
      yield* settle
      assert.deepStrictEqual(
        requests.map(({ partitions }) => partitions),
        [[0, 1, 2]]
      )
      requests[0]?.encoded()
      assert.deepStrictEqual(encoded, [0, 1, 2])
      yield* requests[0]!.answer
      for (const fiber of fibers)
        assert.deepStrictEqual(
          yield* Fiber.join(fiber),
          [0, 1, 2].map((n) => answerOf(part(n)))
        )
    })
  )

  it.effect("sends what comes later as another one, side by side", () =>
    Effect.gen(function* () {
      const { requests, send } = yield* make()
      yield* send(part(0))
      yield* settle
      yield* send(part(1))
      yield* settle
      assert.deepStrictEqual(
        requests.map(({ partitions }) => partitions),
        [[0], [1]]
      )
    })
  )

  it.effect("lets a request grow while it waits for its turn", () =>
    Effect.gen(function* () {
      const { requests, send } = yield* make(1)
      yield* send(part(0))
      yield* settle
      const second = yield* send(part(1))
      yield* settle
      const third = yield* send(part(2))
      yield* settle
      assert.strictEqual(requests.length, 1)
      yield* requests[0]!.answer
      yield* settle
      assert.deepStrictEqual(requests[1]?.partitions, [1, 2])
      yield* requests[1]!.answer
      yield* Fiber.join(second)
      yield* Fiber.join(third)
    })
  )

  it.effect("sends what is large by itself, whatever its size", () =>
    Effect.gen(function* () {
      const { requests, send } = yield* make()
      for (const one of [part(0, 30_000), part(1, 3000), part(2, 500_000), part(3, 10)]) yield* send(one)
      yield* settle
      assert.deepStrictEqual(
        requests.map(({ partitions }) => partitions),
        [[0], [1], [2], [3]]
      )
    })
  )

  it.effect("tells all of a request that fails, and none of another", () =>
    Effect.gen(function* () {
      const { requests, send } = yield* make()
      const [one, other] = [yield* send(part(0)), yield* send(part(1))]
      yield* settle
      const later = yield* send(part(2))
      yield* settle
      yield* requests[0]!.fail
      assert.strictEqual((yield* Effect.flip(Fiber.join(one))).kind, "Doubt")
      assert.strictEqual((yield* Effect.flip(Fiber.join(other))).kind, "Doubt")
      yield* requests[1]!.answer
      yield* Fiber.join(later)
    })
  )

  it.effect("goes on for the others when one that shares the request is interrupted", () =>
    Effect.gen(function* () {
      const { requests, send } = yield* make()
      const [first, second] = [yield* send(part(0)), yield* send(part(1))]
      yield* settle
      yield* Fiber.interrupt(first)
      yield* requests[0]!.answer
      assert.strictEqual((yield* Fiber.join(second)).length, 2)
    })
  )
})
