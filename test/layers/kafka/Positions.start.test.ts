/** What a start makes of topics that are not as they were, or do not answer. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch } from "effect"
import { TestClock } from "effect/testing"
import { partitionOf } from "../../../src/pipeline/murmur2.ts"
import { type KafkaDriver, KafkaError } from "../../../src/services/KafkaDriver.ts"
import { at, candles, continuity, countReads, make, NOW, othersWrite, trade, trades } from "../../support/positions.ts"

type Driver = KafkaDriver["Service"]

const kafka = make({ streams: ["btcusdt@trade", "xrpusdt@trade", "ethusdt@trade", "solusdt@trade"], batchSize: 1 })
const settled = TestClock.adjust("1 second")
/** Of BTCUSDT and XRPUSDT. */
const P = partitionOf("BTCUSDT", 6)

describe("positions in Kafka", () => {
  it.effect("wait for a topic that a broker cannot describe yet", () =>
    Effect.gen(function* () {
      const { driver, during, publish } = yield* kafka
      yield* publish(...trades(1, 10))
      let asked = 0
      const describe: Driver["describe"] = (names) =>
        Effect.suspend(() =>
          names.includes("raw_trades") && names.length === 1 && asked++ === 0
            ? Effect.succeed({
                topics: [],
                faults: new Map([["raw_trades", new KafkaError({ kind: "Busy", message: "LEADER_NOT_AVAILABLE" })]])
              })
            : driver.describe(names)
        )
      const found = yield* during(
        ({ load }) =>
          Effect.gen(function* () {
            const loading = yield* Effect.forkChild(load)
            yield* TestClock.adjust("2 seconds")
            return yield* Fiber.join(loading)
          }),
        { describe }
      )
      assert.deepStrictEqual(found, { "btcusdt@trade": at(10) })
    })
  )

  it.effect("are not looked for where there is no sequence", () =>
    Effect.gen(function* () {
      const { driver, during } = yield* make({ streams: ["btcusdt@trade", "btcusdt@bookTicker"] })
      const asked = new Set<string>()
      const ends: Driver["ends"] = (topic, partition) => {
        asked.add(topic)
        return driver.ends(topic, partition)
      }
      yield* during(({ load }) => load, { ends })
      assert.isTrue(asked.has("raw_trades"))
      assert.isFalse(asked.has("raw_book_tickers"))
    })
  )

  it.effect("of a stream that comes alone are not looked for in all of a long partition", () =>
    Effect.gen(function* () {
      const { driver, during, publish } = yield* kafka
      yield* driver.create({ name: "raw_trades", partitions: 6, replicationFactor: undefined })
      yield* othersWrite(driver, P, 120)
      yield* publish(...trades(1, 10))
      const { fetch, reads } = countReads(driver, "raw_trades")
      yield* during(
        ({ loadOf }) =>
          Effect.gen(function* () {
            yield* loadOf("btcusdt@trade")
            reads()
            assert.deepStrictEqual(yield* loadOf("xrpusdt@trade"), {})
            assert.isBelow(reads(), 80)
          }),
        { fetch }
      )
    })
  )

  it.effect("leave a record of this process's own that is in doubt to the next start", () =>
    Effect.gen(function* () {
      const { driver, during, load, publish, publishOnly } = yield* kafka
      yield* publish(...trades(1, 10))
      // Killed before it wrote that.
      yield* publishOnly(trade(11))
      const produce: Driver["produce"] = (topic, partition, records) =>
        topic === "raw_trades" && partition === P
          ? Effect.andThen(driver.produce(topic, partition, records), Effect.never)
          : driver.produce(topic, partition, records)
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            // Live has begun; what of it is stored is not acknowledged.
            yield* sink.publish([continuity("gap-opened", 12, 19), trade(20)])
            yield* settled
            const found = yield* load
            assert.strictEqual(found["btcusdt@trade"]?.last, 11)
            yield* sink.publish([trade(1, "ETHUSDT")])
            // Killed before the lane reads what is there (the request's limit is 10 s).
            yield* TestClock.adjust("6 seconds")
          }),
        { produce }
      )
      assert.deepStrictEqual((yield* load)["btcusdt@trade"]?.last, 20)
    })
  )

  it.effect("end where a topic was made anew with fewer partitions", () =>
    Effect.gen(function* () {
      const { broker, driver, during, publish } = yield* kafka
      yield* publish(
        ...trades(1, 10),
        ...trades(1, 10, "XRPUSDT"),
        ...trades(1, 10, "ETHUSDT"),
        ...trades(1, 10, "SOLUSDT")
      )
      yield* broker.deleteTopic("raw_trades")
      yield* driver.create({ name: "raw_trades", partitions: 1, replicationFactor: undefined })
      const done = yield* during(({ load }) =>
        Effect.gen(function* () {
          const loading = yield* Effect.forkChild(load)
          for (let n = 0; n < 600; n++) yield* TestClock.adjust("1 second")
          return loading.pollUnsafe() !== undefined
        })
      )
      assert.isTrue(done, "still reading after 10 minutes")
    })
  )

  it.effect("wait for a statement that the spool takes out and gives back", () =>
    Effect.gen(function* () {
      const { driver, during, load, publish } = yield* kafka
      yield* publish(...trades(1, 10))
      const answers = yield* Latch.make(true)
      const produce: Driver["produce"] = (topic, ...rest) =>
        Effect.andThen(topic === "continuity" ? answers.await : Effect.void, driver.produce(topic, ...rest))
      yield* during(
        ({ load, releasable, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* answers.close
            yield* sink.publish([
              continuity("gap-opened", 1, 2, "dogeusdt@trade"),
              continuity("gap-opened", 11, 29),
              trade(30)
            ])
            yield* TestClock.adjust("6 seconds")
            // As `engage` does where the disk takes nothing.
            const { untried } = yield* releasable.release
            yield* sink.publish(untried)
            yield* settled
          }),
        { produce }
      )
      const position = (yield* load)["btcusdt@trade"]
      assert.strictEqual(position?.last, 30)
      assert.deepStrictEqual([...(position?.unsaid ?? []), ...(position?.gaps ?? [])], [{ first: 11, last: 29 }])
    })
  )

  it.effect("come after a second look, though the last batch is of old times", () =>
    Effect.gen(function* () {
      const { driver, during, publishOnly } = yield* kafka
      yield* TestClock.setTime(NOW + 5000)
      // Fresh, and behind it late ones from an hour before.
      yield* publishOnly(...trades(11, 20))
      yield* driver.produce(
        "raw_trades",
        P,
        trades(5, 6, "BTCUSDT", true).map((one) => ({ ...one, timestamp: NOW - 3_600_000 }))
      )
      let asked = 0
      const ends: Driver["ends"] = (topic, partition) =>
        Effect.tap(driver.ends(topic, partition), () =>
          // What the killed process had sent is stored by now.
          topic === "raw_trades" && partition === P && ++asked === 2
            ? Effect.delay(driver.produce("raw_trades", P, [trade(21)]), "500 millis").pipe(Effect.forkDetach)
            : Effect.void
        )
      const found = yield* during(
        ({ load }) =>
          Effect.gen(function* () {
            const loading = yield* Effect.forkChild(load)
            yield* TestClock.adjust("5 seconds")
            return yield* Fiber.join(loading)
          }),
        { ends }
      )
      assert.strictEqual(found["btcusdt@trade"]?.last, 21)
    })
  )

  it.effect("are believed where retention has taken the record", () =>
    Effect.gen(function* () {
      const { driver, during, publish } = yield* kafka
      yield* publish(...trades(1, 10, "XRPUSDT"))
      yield* publish(...trades(1, 50))
      const EARLIEST = 30
      const ends: Driver["ends"] = (topic, partition) =>
        Effect.map(driver.ends(topic, partition), (all) =>
          topic === "raw_trades" && partition === P ? { ...all, earliest: EARLIEST } : all
        )
      const fetch: Driver["fetch"] = (topic, partition, from, amount) =>
        driver.fetch(
          topic,
          partition,
          topic === "raw_trades" && partition === P ? Math.max(EARLIEST, from) : from,
          amount
        )
      const found = yield* during(({ load }) => load, { ends, fetch })
      assert.strictEqual(found["btcusdt@trade"]?.last, 50)
      assert.strictEqual(found["xrpusdt@trade"]?.last, 10)
    })
  )

  it.effect("are found though another topic may not be read", () =>
    Effect.gen(function* () {
      const { driver, during, publish } = yield* make({ streams: ["btcusdt@kline_1m", "btcusdt@trade"], batchSize: 1 })
      yield* publish(...candles(1, 3), ...trades(1, 10))
      const fetch: Driver["fetch"] = (topic, ...rest) =>
        topic === "raw_klines"
          ? Effect.fail(new KafkaError({ kind: "Denied", message: "Read" }))
          : driver.fetch(topic, ...rest)
      const found = yield* during(({ load }) => load, { fetch })
      assert.strictEqual(found["btcusdt@trade"]?.last, 10)
    })
  )

  it.effect("are found though another partition has no leader", () =>
    Effect.gen(function* () {
      const { driver, during, publish } = yield* kafka
      yield* publish(...trades(1, 10), trade(1, "ETHUSDT"))
      const stuck = partitionOf("ETHUSDT", 6)
      const busy = Effect.fail(new KafkaError({ kind: "Busy", message: "no leader" }))
      const done = yield* during(
        ({ load }) =>
          Effect.gen(function* () {
            const loading = yield* Effect.forkChild(load)
            for (let n = 0; n < 600; n++) yield* TestClock.adjust("1 second")
            return loading.pollUnsafe() !== undefined
          }),
        {
          fetch: (topic, partition, ...rest) =>
            topic === "raw_trades" && partition === stuck ? busy : driver.fetch(topic, partition, ...rest),
          ends: (topic, partition) =>
            topic === "raw_trades" && partition === stuck ? busy : driver.ends(topic, partition)
        }
      )
      assert.isTrue(done, "still reading after 10 minutes")
    })
  )
})
