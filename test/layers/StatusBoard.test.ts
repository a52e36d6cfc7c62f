import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import { Status, type StatusService } from "../../src/services/Status.ts"

const statement = (stream: string, type = "gap-filled", reason = "because") => ({
  at: 1,
  type,
  stream,
  from: 1,
  to: 2,
  reason,
  late: false
})

const withBoard = <A, E>(test: (status: StatusService) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    return yield* test(yield* Status)
  }).pipe(Effect.provide(StatusBoard.layer))

describe("StatusBoard", () => {
  it.effect("gives rates over the last ten seconds", () =>
    withBoard((status) =>
      Effect.gen(function* () {
        const cell = status.stream("btcusdt@trade")
        const rate = () => status.figures().streams.get("btcusdt@trade")?.rate
        assert.strictEqual(rate(), 0)
        for (let second = 1; second <= 20; second++) {
          cell.events += 30
          yield* TestClock.adjust("1 seconds")
          assert.strictEqual(rate(), 30)
        }
        assert.strictEqual(status.figures().rate, 30)
        for (let second = 1; second <= 10; second++) {
          yield* TestClock.adjust("1 seconds")
          assert.strictEqual(rate(), 30 - 3 * second)
        }
        assert.strictEqual(status.figures().events, 600)
      })
    )
  )

  it.effect("counts what is new from nothing", () =>
    withBoard((status) =>
      Effect.gen(function* () {
        yield* TestClock.adjust("20 seconds")
        status.connection("binance-2").frames = 50
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(status.figures().connections.get("binance-2")?.rate, 5)
      })
    )
  )

  it.effect("says how long the last sends took, of as many as it keeps", () =>
    withBoard((status) =>
      Effect.sync(() => {
        assert.isNull(status.figures().kafka)
        status.kafka.isOpen = true
        assert.isNull(status.figures().kafka?.sendMs)
        for (let millis = 1; millis <= 100; millis++) status.kafka.acknowledged(10, millis)
        assert.deepStrictEqual(status.figures().kafka?.sendMs, { p50: 50, p95: 95, p99: 99, max: 100 })
        for (let n = 0; n < 1000; n++) status.kafka.acknowledged(4, 7)
        const { acks, batchRecords, records, sendMs } = status.figures().kafka!
        assert.deepStrictEqual(
          { acks, batchRecords, records, sendMs },
          { acks: 1100, batchRecords: 4, records: 5000, sendMs: { p50: 7, p95: 7, p99: 7, max: 7 } }
        )
      })
    )
  )

  it.effect("keeps the latest dead letters, the latest first, and counts them all", () =>
    withBoard((status) =>
      Effect.sync(() => {
        const letters = (from: number, count: number) =>
          Array.from({ length: count }, (_, n) => ({ at: from + n, stream: "s", reason: "r", field: null }))
        status.deadLetters(letters(0, 3))
        status.deadLetters(letters(3, 2))
        assert.deepStrictEqual(
          status.figures().deadLetters.latest.map(({ at }) => at),
          [4, 3, 2, 1, 0]
        )
        status.deadLetters(letters(5, 10_000))
        const { latest, total } = status.figures().deadLetters
        assert.deepStrictEqual([total, latest.length, latest[0]?.at, latest.at(-1)?.at], [10_005, 20, 10_004, 9985])
      })
    )
  )

  it.effect("tells as one what happened to many streams at once, so that it hides nothing else", () =>
    withBoard((status) =>
      Effect.sync(() => {
        const many = Array.from({ length: 1024 }, (_, n) => statement(`s${n}`, "rollover", "age"))
        status.continuity([...many, statement("a"), statement("b")])
        assert.deepStrictEqual(
          status.figures().continuity.map(({ stream, streams, type }) => [type, stream, streams]),
          [
            ["gap-filled", "b", 1],
            ["gap-filled", "a", 1],
            ["rollover", "s0", 1024]
          ]
        )
        for (let n = 0; n < 100; n++) status.continuity([statement(`t${n}`)])
        assert.lengthOf(status.figures().continuity, 50)
      })
    )
  )

  it.effect("keeps nothing where there is no board", () =>
    Effect.gen(function* () {
      const status = yield* Status
      status.stream("btcusdt@trade").events = 5
      status.deadLetters([{ at: 0, stream: "s", reason: "r", field: null }])
      assert.deepStrictEqual([status.figures().streams.size, status.figures().deadLetters.total], [0, 0])
    }).pipe(Effect.provide(Layer.empty))
  )
})
