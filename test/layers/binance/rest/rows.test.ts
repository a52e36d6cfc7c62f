import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema } from "effect"
import { aggregates, candles, type ReadRows, trades } from "../../../../src/layers/binance/rest/rows.ts"
import { streamNames } from "../../../support/settings.ts"

const [tradeStream, aggregateStream, candleStream] = streamNames(
  "btcusdt@trade",
  "btcusdt@aggTrade",
  "btcusdt@kline_1s"
)

type Row = ReadonlyArray<unknown> | Readonly<Record<string, unknown>>

interface Kind {
  readonly read: (body: unknown) => ReturnType<ReadRows>
  readonly row: (id: number) => Row
  /** Fields that the stream does not have. */
  readonly ignored: ReadonlyArray<string>
}

const kinds: Readonly<Record<string, Kind>> = {
  trade: {
    read: (body: unknown) => trades(body, tradeStream!),
    row: (id: number): Row => ({
      id,
      price: "2891.17000000",
      qty: "0.10",
      quoteQty: "289.117",
      time: 1_795_402_801_205,
      isBuyerMaker: true,
      isBestMatch: true
    }),
    ignored: ["quoteQty"]
  },
  aggTrade: {
    read: (body: unknown) => aggregates(body, aggregateStream!),
    row: (a: number): Row => ({ a, p: "2891.17", q: "1", f: a, l: a, T: 1_795_402_801_205, m: true, M: true }),
    ignored: []
  },
  kline: {
    read: (body: unknown) => candles(body, candleStream!),
    row: (n: number): Row => [n * 1000, "1", "3", "1", "2", "5", n * 1000 + 999, "7", 2, "1", "2", "0"],
    ignored: ["11"]
  }
}

const Ids = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e12 }))).check(
  Schema.isMaxLength(50)
)
/** What no field of a row may be. */
const junk = [null, undefined, "", "x", "1e3", -2, 1.5, 2 ** 53, [], {}]

const spoilt = (row: Row, field: string, value: unknown): Row =>
  Object.assign(Array.isArray(row) ? [...row] : { ...row }, { [field]: value })

describe.each(Object.entries(kinds))("rows of %s", (_, { ignored, read, row }) => {
  it.effect.prop("come out ascending, each once, in whatever order they are sent", [Ids], ([ids]) =>
    Effect.gen(function* () {
      const distinct = [...new Set(ids)]
      const rows = yield* read(distinct.map(row))
      const firsts = rows.map(({ span }) => span.first)
      assert.deepStrictEqual(
        firsts,
        firsts.toSorted((a, b) => a - b)
      )
      assert.lengthOf(firsts, distinct.length)
      for (const { event } of rows) assert.deepStrictEqual(JSON.parse(event.json).s, "BTCUSDT")
    })
  )

  it.effect("come out ascending however many they are", () =>
    Effect.gen(function* () {
      const rows = yield* read(Array.from({ length: 300 }, (_, n) => row(300 - n)))
      const ascending = yield* read(Array.from({ length: 300 }, (_, n) => row(n + 1)))
      assert.lengthOf(rows, 300)
      assert.deepStrictEqual(
        rows.map(({ event }) => event.json),
        ascending.map(({ event }) => event.json)
      )
    })
  )

  it.effect.each([
    ["close together", [2, 1, 2]],
    ["far from each other", [2, ...Array.from({ length: 200 }, (_, n) => n + 3), 2]]
  ] as const)("are refused whole if one of them is there twice, %s", ([_, ids]) =>
    Effect.gen(function* () {
      assert.match(yield* Effect.flip(read(ids.map(row))), /is there twice/)
    })
  )

  it.effect("are refused if the answer is no list", () =>
    Effect.gen(function* () {
      for (const body of [null, {}, "rows", 1])
        assert.match(yield* Effect.flip(read(body)), /is not understood: .* at its beginning$/)
    })
  )

  it.effect("are named by their place in the answer if they are bad", () =>
    Effect.gen(function* () {
      const rows: Array<unknown> = Array.from({ length: 300 }, (_, n) => row(n))
      rows[234] = null
      assert.match(yield* Effect.flip(read(rows)), /is not understood: .* at 234$/)
      const [field = ""] = Object.keys(row(1))
      rows[234] = spoilt(row(234), field, null)
      assert.include(yield* Effect.flip(read(rows)), ` at 234.${field}`)
    })
  )

  it.effect("are read a few at a time: others have their turn", () =>
    Effect.gen(function* () {
      let turns = 0
      const other = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => turns++)
          )
        )
      )
      yield* read(Array.from({ length: 1000 }, (_, n) => row(n)))
      yield* Fiber.interrupt(other)
      assert.isAtLeast(turns, 5)
    })
  )

  for (const field of Object.keys(row(1)).filter((field) => !ignored.includes(field))) {
    it.effect(`are refused whole if one has something else for ${field}`, () =>
      Effect.gen(function* () {
        for (const value of junk) {
          const exit = yield* Effect.exit(read([row(1), spoilt(row(2), field, value), row(3)]))
          assert.match(Exit.isFailure(exit) ? String(exit.cause) : `${String(value)} is taken`, /is not understood/)
        }
      })
    )
  }
})
