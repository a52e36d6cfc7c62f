/** Where the streams stand, over restarts of the sink on a Kafka in memory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch } from "effect"
import { TestClock } from "effect/testing"
import { partitionOf } from "../../../src/pipeline/murmur2.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"
import { at, candle, candles, continuity, make, NOW, trade, trades } from "../../support/positions.ts"

const kafka = make({ streams: ["btcusdt@trade", "ethusdt@trade", "btcusdt@kline_1m", "btcusdt@miniTicker"] })

describe("positions in Kafka", () => {
  it.effect("are nothing where nothing is stored", () =>
    Effect.gen(function* () {
      const { load } = yield* kafka
      assert.deepStrictEqual(yield* load, {})
    })
  )

  it.effect("are where the sink stopped", () =>
    Effect.gen(function* () {
      const { load, publish } = yield* kafka
      yield* publish(...trades(1, 50), ...trades(1, 30, "ETHUSDT"), candle(0), candle(1))
      assert.deepStrictEqual(yield* load, {
        "btcusdt@trade": at(50),
        "ethusdt@trade": at(30),
        "btcusdt@kline_1m": { last: NOW + 119_999, at: NOW + 120_001, gaps: [] }
      })
    })
  )

  it.effect("count what was stored after they were written", () =>
    Effect.gen(function* () {
      const { broker, load, publish, publishOnly } = yield* kafka
      yield* publish(...trades(1, 50))
      const written = (yield* broker.log("positions"))[0]?.length
      yield* publishOnly(...trades(51, 60))
      assert.strictEqual((yield* broker.log("positions"))[0]?.length, written)
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(60) })
    })
  )

  it.effect("are read from the topics where none are written, however far back", () =>
    Effect.gen(function* () {
      const { broker, load, publish } = yield* kafka
      const other = ["ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT", "DOGEUSDT", "LTCUSDT"].find(
        (symbol) => symbol !== "ETHUSDT" && partitionOf(symbol, 6) === partitionOf("BTCUSDT", 6)
      )
      yield* publish(...trades(1, 7), ...trades(1, 12_345, other ?? "BTCUSDT2"))
      yield* broker.deleteTopic("positions")
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(7) })
    })
  )

  it.effect("are not looked for again in what lies behind the newest one", () =>
    Effect.gen(function* () {
      const { broker, load, publish } = yield* kafka
      yield* publish(...trades(1, 7), ...candles(0, 3))
      yield* broker.deleteTopic("positions")
      // Found once, they are written with the next ones.
      yield* publish(trade(8))
      const [log = []] = yield* broker.log("positions")
      assert.sameMembers(
        log.map(({ key }) => key),
        ["btcusdt@trade", "btcusdt@kline_1m"]
      )
      assert.deepStrictEqual((yield* load)["btcusdt@trade"], at(8))
    })
  )

  it.effect("are not believed where the record is not there", () =>
    Effect.gen(function* () {
      const { broker, load, publish } = yield* kafka
      yield* publish(...trades(1, 50))
      yield* broker.truncate("raw_trades", partitionOf("BTCUSDT", 6), 20)
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(20) })
    })
  )

  it.effect("are read from the records of a connector without event-ids", () =>
    Effect.gen(function* () {
      const { load, publish } = yield* kafka
      const bare = trades(1, 9).map((record) => ({ ...record, headers: {} }))
      yield* publish(...bare, { ...candle(3), headers: {} })
      assert.deepStrictEqual(yield* load, {
        "btcusdt@trade": at(9),
        "btcusdt@kline_1m": { last: NOW + 4 * 60_000 - 1, at: NOW + 4 * 60_000 + 1, gaps: [] }
      })
    })
  )

  it.effect("bring the gaps that are open, without what was filled in late", () =>
    Effect.gen(function* () {
      const { broker, during, load, publish } = yield* kafka
      yield* publish(
        ...trades(1, 19),
        continuity("gap-opened", 20, 30),
        ...trades(31, 60),
        continuity("gap-opened", 40, 45)
      )
      assert.deepStrictEqual(yield* load, {
        "btcusdt@trade": at(60, [
          [20, 30],
          [40, 45]
        ])
      })
      yield* publish(continuity("gap-confirmed", 40, 42), ...trades(20, 24, "BTCUSDT", true))
      const expected = at(60, [
        [25, 30],
        [43, 45]
      ])
      const filled = [{ first: 20, last: 24, late: true }]
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": { ...expected, filled } })
      // Also where the late ones are noted only in what is written of a stream that did not move.
      yield* during(({ load, sink }) =>
        load.pipe(Effect.andThen(sink.publish(trades(25, 26, "BTCUSDT", true))), Effect.andThen(sink.flush))
      )
      yield* publish(...trades(61, 5000))
      assert.deepStrictEqual(yield* load, {
        "btcusdt@trade": {
          ...at(5000, [
            [27, 30],
            [43, 45]
          ]),
          filled: [{ first: 20, last: 26, late: true }]
        }
      })
      yield* broker.deleteTopic("positions")
      assert.deepStrictEqual(
        (yield* load)["btcusdt@trade"],
        at(5000, [
          [20, 30],
          [43, 45]
        ])
      )
      yield* publish(continuity("gap-filled", 20, 30))
      assert.deepStrictEqual((yield* load)["btcusdt@trade"], at(5000, [[43, 45]]))
    })
  )

  it.effect("do not take what is sent again after a failover for late", () =>
    Effect.gen(function* () {
      const { broker, during, load } = yield* kafka
      yield* during(({ load, sink }) =>
        Effect.gen(function* () {
          yield* load
          yield* sink.publish([continuity("gap-opened", 1, 5), ...trades(6, 20)])
          yield* sink.flush
          // All is acknowledged, and stored again.
          yield* sink.publish(trades(10, 20))
          yield* sink.publish(trades(21, 22))
          yield* sink.flush
        })
      )
      assert.deepStrictEqual((yield* load)["btcusdt@trade"], at(22, [[1, 5]]))
      assert.isAbove((yield* broker.log("positions"))[0]?.length ?? 0, 0)
    })
  )

  it.effect("are written every five seconds, and after ten thousand records", () =>
    Effect.gen(function* () {
      const { broker, during } = yield* kafka
      const written = Effect.map(broker.log("positions"), ([log = []]) => log.length)
      yield* during(({ load, sink }) =>
        Effect.gen(function* () {
          yield* load
          yield* sink.publish(trades(1, 10))
          yield* TestClock.adjust("4 seconds")
          assert.strictEqual(yield* written, 0)
          yield* sink.publish(trades(11, 20))
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual(yield* written, 1)
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(yield* written, 1)
          yield* sink.publish(trades(21, 10_100))
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* written, 2)
        })
      )
    })
  )

  it.effect("wait a second for a send of the process before, if that was here just now", () =>
    Effect.gen(function* () {
      const { broker, during, publish } = yield* kafka
      yield* TestClock.setTime(NOW + 5000)
      yield* publish(...trades(1, 10))
      yield* during(({ load }) =>
        Effect.gen(function* () {
          const loading = yield* Effect.forkChild(load)
          yield* TestClock.adjust("900 millis")
          assert.isUndefined(loading.pollUnsafe())
          yield* TestClock.adjust("200 millis")
          assert.deepStrictEqual(yield* Fiber.join(loading), { "btcusdt@trade": at(10) })
        })
      )
      assert.isAbove((yield* broker.log("raw_trades")).flat().length, 0)
    })
  )

  it.effect("are not written before it is known where the streams stood", () =>
    Effect.gen(function* () {
      const { broker, during, publishOnly } = yield* kafka
      yield* publishOnly(...trades(1, 10))
      yield* during(({ load, sink }) =>
        Effect.gen(function* () {
          yield* broker.outage(new KafkaError({ kind: "Denied", message: "no" }))
          yield* load
          yield* broker.outage(undefined)
          yield* sink.publish(trades(11, 20))
          yield* sink.flush
          yield* TestClock.adjust("1 minute")
        })
      )
      assert.deepStrictEqual(yield* broker.log("positions"), [[]])
    })
  )

  it.effect("bring the holes that no continuity record speaks of: the process before ended too early", () =>
    Effect.gen(function* () {
      const { load, publish, publishOnly } = yield* kafka
      yield* publish(...trades(1, 10))
      yield* publishOnly(...trades(15, 20), continuity("gap-opened", 21, 24), ...trades(25, 30))
      assert.deepStrictEqual(yield* load, {
        "btcusdt@trade": { ...at(30, [[21, 24]]), unsaid: [{ first: 11, last: 14 }] }
      })
    })
  )

  it.effect("are not written before what was said of what lies before them is stored", () =>
    Effect.gen(function* () {
      const { broker, driver, during, load, publish } = yield* kafka
      yield* publish(...trades(1, 10))
      const written = Effect.map(broker.log("positions"), ([log = []]) => log.length)
      const before = yield* written
      const answers = yield* Latch.make(false)
      const hanging: typeof driver.produce = (topic, ...rest) =>
        Effect.andThen(topic === "continuity" ? answers.await : Effect.void, driver.produce(topic, ...rest))
      const skipping = (then: Effect.Effect<void>) =>
        during(
          ({ load, sink }) =>
            load.pipe(
              Effect.andThen(sink.publish([continuity("gap-opened", 11, 14), ...trades(15, 20)])),
              Effect.andThen(TestClock.adjust("1 minute")),
              Effect.andThen(then)
            ),
          { produce: hanging }
        )
      // Killed before it is.
      yield* skipping(Effect.void)
      assert.strictEqual(yield* written, before)
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": { ...at(20), unsaid: [{ first: 11, last: 14 }] } })
      yield* skipping(Effect.andThen(answers.open, TestClock.adjust("1 second")))
      assert.strictEqual(yield* written, before + 1)
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(20, [[11, 14]]) })
    })
  )

  it.effect("tell what is stored in place though it is said to be open, and what is late though nobody says so", () =>
    Effect.gen(function* () {
      const { load, publish, publishOnly } = yield* kafka
      yield* publish(...trades(1, 10), continuity("gap-opened", 11, 14))
      yield* publishOnly(...trades(11, 20), ...trades(25, 30), ...trades(21, 22, "BTCUSDT", true))
      assert.deepStrictEqual(yield* load, {
        "btcusdt@trade": {
          ...at(30),
          filled: [
            { first: 21, last: 22, late: true },
            { first: 11, last: 14, late: false }
          ],
          unsaid: [{ first: 23, last: 24 }]
        }
      })
    })
  )

  it.effect("are left out where Kafka denies to be read, and waited for where it does not answer", () =>
    Effect.gen(function* () {
      const { broker, during, publish } = yield* kafka
      yield* publish(...trades(1, 10))
      yield* during(({ load }) =>
        Effect.gen(function* () {
          yield* broker.outage(new KafkaError({ kind: "Denied", message: "no" }))
          assert.deepStrictEqual(yield* load, {})
          yield* broker.outage(undefined)
        })
      )
      yield* during(({ load }) =>
        Effect.gen(function* () {
          yield* broker.outage(new KafkaError({ kind: "Unreachable", message: "away" }))
          const loading = yield* Effect.forkChild(load)
          yield* TestClock.adjust("10 minutes")
          assert.isUndefined(loading.pollUnsafe())
          yield* broker.outage(undefined)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* Fiber.join(loading), { "btcusdt@trade": at(10) })
        })
      )
    })
  )
})
