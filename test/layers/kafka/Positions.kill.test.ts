/** Where the streams stand after a process that was killed at a bad moment, or while another one was hurt. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch } from "effect"
import { TestClock } from "effect/testing"
import { partitionOf } from "../../../src/pipeline/murmur2.ts"
import { type KafkaDriver, KafkaError } from "../../../src/services/KafkaDriver.ts"
import { at, continuity, countReads, make, othersWrite, trade, trades } from "../../support/positions.ts"

type Driver = KafkaDriver["Service"]

/** Two of one partition, and two of others. */
const kafka = make({ streams: ["btcusdt@trade", "xrpusdt@trade", "ethusdt@trade", "solusdt@trade"], batchSize: 1 })
const settled = TestClock.adjust("1 second")

describe("positions in Kafka", () => {
  it("are of two streams in one partition here", () => {
    assert.strictEqual(partitionOf("BTCUSDT", 6), partitionOf("XRPUSDT", 6))
  })

  it.effect("may be written in part: each speaks for itself", () =>
    Effect.gen(function* () {
      const { broker, driver, during, load } = yield* kafka
      let sends = Infinity
      const produce: Driver["produce"] = (topic, ...rest) =>
        topic === "positions" && sends-- <= 0 ? Effect.never : driver.produce(topic, ...rest)
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* sink.publish([...trades(1, 40), ...trades(1, 5, "XRPUSDT")])
            yield* sink.flush
            sends = 1
            yield* sink.publish([...trades(41, 60), trade(6, "XRPUSDT"), trade(61)])
            yield* settled
            yield* Effect.forkChild(sink.flush)
            yield* settled
          }),
        { produce }
      )
      assert.lengthOf((yield* broker.log("positions")).flat(), 3)
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(61), "xrpusdt@trade": at(6) })
    })
  )

  it.effect("are not forgotten by a flush that is interrupted while it waits to write them", () =>
    Effect.gen(function* () {
      const { driver, during, load } = yield* kafka
      const answers = yield* Latch.make(true)
      const produce: Driver["produce"] = (topic, ...rest) =>
        Effect.andThen(topic === "continuity" ? answers.await : Effect.void, driver.produce(topic, ...rest))
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* sink.publish([...trades(1, 10, "XRPUSDT"), ...trades(1, 10)])
            yield* sink.flush
            yield* sink.publish([...trades(11, 20, "XRPUSDT"), ...trades(11, 20)])
            yield* settled
            const flushing = yield* Effect.forkChild(sink.flush)
            yield* answers.close
            yield* sink.publish([continuity("gap-opened", 1, 2)])
            yield* TestClock.adjust("10 seconds")
            yield* Fiber.interrupt(flushing)
            yield* answers.open
            yield* sink.publish([trade(21)])
            yield* sink.flush
          }),
        { produce }
      )
      assert.deepStrictEqual((yield* load)["xrpusdt@trade"], at(20))
    })
  )

  it.effect("are true though the spool takes some of them out of the sink", () =>
    Effect.gen(function* () {
      const { driver, during, load } = yield* kafka
      const answers = yield* Latch.make(true)
      const produce: Driver["produce"] = (topic, ...rest) =>
        Effect.andThen(topic === "positions" ? answers.await : Effect.void, driver.produce(topic, ...rest))
      yield* during(
        ({ load, releasable, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* sink.publish([...trades(1, 10, "XRPUSDT"), ...trades(1, 10)])
            yield* sink.flush
            yield* sink.publish([...trades(11, 20), ...trades(11, 20, "XRPUSDT")])
            yield* settled
            yield* answers.close
            yield* TestClock.adjust("10 seconds")
            assert.isEmpty((yield* releasable.release).untried)
            yield* answers.open
            yield* settled
            yield* sink.publish([trade(21)])
            yield* sink.flush
          }),
        { produce }
      )
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(21), "xrpusdt@trade": at(20) })
    })
  )

  it.effect("are those before this process, though live has begun", () =>
    Effect.gen(function* () {
      const { broker, during, publish } = yield* kafka
      yield* publish(...trades(1, 10))
      yield* broker.deleteTopic("positions")
      const found = yield* during(({ load, sink }) =>
        sink
          .publish([...trades(15, 20), continuity("gap-opened", 21, 24), ...trades(25, 30)])
          .pipe(Effect.andThen(settled), Effect.andThen(load))
      )
      assert.deepInclude(found, { "btcusdt@trade": at(10, [[21, 24]]) })
    })
  )

  it.effect("are written though a partition stores nothing", () =>
    Effect.gen(function* () {
      const { broker, driver, during } = yield* kafka
      const stuck = partitionOf("ETHUSDT", 6)
      const produce: Driver["produce"] = (topic, partition, ...rest) =>
        topic === "raw_trades" && partition === stuck
          ? Effect.fail(new KafkaError({ kind: "Busy", message: "no leader" }))
          : driver.produce(topic, partition, ...rest)
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* sink.publish([...trades(1, 10), trade(1, "ETHUSDT")])
            yield* TestClock.adjust("6 seconds")
          }),
        { produce }
      )
      assert.lengthOf((yield* broker.log("positions")).flat(), 1)
    })
  )

  it.effect("are found in the partition that the topic had for them before it got more", () =>
    Effect.gen(function* () {
      const { driver, during, load } = yield* kafka
      const describe: Driver["describe"] = (names) =>
        Effect.map(driver.describe(names), ({ faults, topics }) => ({
          faults,
          topics: topics.map((topic) => (topic.name === "raw_trades" ? { ...topic, partitions: 3 } : topic))
        }))
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* sink.publish(trades(1, 10, "SOLUSDT"))
            yield* sink.flush
            // Killed before it wrote again.
            yield* sink.publish([...trades(11, 20, "SOLUSDT"), ...trades(24, 30, "SOLUSDT")])
            yield* settled
          }),
        { describe }
      )
      assert.notStrictEqual(partitionOf("SOLUSDT", 3), partitionOf("SOLUSDT", 6))
      assert.deepStrictEqual(yield* load, { "solusdt@trade": { ...at(30), unsaid: [{ first: 21, last: 23 }] } })
    })
  )

  it.effect("are not lost for a stream that is new beside them in a long partition", () =>
    Effect.gen(function* () {
      const { broker, driver, during, publish } = yield* kafka
      yield* driver.create({ name: "raw_trades", partitions: 6, replicationFactor: undefined })
      yield* othersWrite(driver, partitionOf("BTCUSDT", 6), 120)
      yield* publish(...trades(1, 10))
      const { fetch, reads } = countReads(driver, "raw_trades")
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(10) })
            assert.isBelow(reads(), 80)
            yield* sink.publish([trade(11), trade(1, "XRPUSDT")])
            yield* sink.flush
          }),
        { fetch }
      )
      const written = (yield* broker.log("positions")).flat().map(({ key }) => key)
      assert.deepStrictEqual(written, ["btcusdt@trade", "xrpusdt@trade", "btcusdt@trade"])
    })
  )

  it.effect("are found as far as it could be looked back, and the others are written again all the same", () =>
    Effect.gen(function* () {
      const { broker, driver, during, publish } = yield* kafka
      yield* publish(...trades(1, 10, "XRPUSDT"))
      const partition = partitionOf("BTCUSDT", 6)
      yield* othersWrite(driver, partition, 200)
      yield* publish(...trades(1, 10))
      yield* broker.deleteTopic("positions")
      // 1,000 records a second.
      const fetch: Driver["fetch"] = (topic, ...rest) =>
        Effect.andThen(topic === "raw_trades" ? Effect.sleep("1 second") : Effect.void, driver.fetch(topic, ...rest))
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            const loading = yield* Effect.forkChild(load)
            yield* TestClock.adjust("10 minutes")
            assert.deepStrictEqual(yield* Fiber.join(loading), { "btcusdt@trade": at(10) })
            yield* sink.publish([trade(11), trade(20, "XRPUSDT")])
            yield* sink.flush
          }),
        { fetch }
      )
      const written = (yield* broker.log("positions")).flat().map(({ key }) => key)
      assert.deepStrictEqual(written, ["btcusdt@trade"])
    })
  )

  it.effect("of a stream that does not move come along with its partition, so that little is read", () =>
    Effect.gen(function* () {
      const { broker, driver, during, publish } = yield* kafka
      yield* publish(trade(1, "XRPUSDT"))
      yield* during(({ load, sink }) =>
        Effect.gen(function* () {
          yield* load
          for (let n = 0; n < 12; n++) {
            yield* sink.publish(trades(n * 1000 + 1, n * 1000 + 1000))
            yield* sink.flush
          }
        })
      )
      assert.include(
        (yield* broker.log("positions"))
          .flat()
          .slice(1)
          .map(({ key }) => key),
        "xrpusdt@trade"
      )
      let records = 0
      const fetch: Driver["fetch"] = (topic, ...rest) =>
        Effect.tap(driver.fetch(topic, ...rest), (page) => {
          if (topic === "raw_trades") records += page.records.length
          return Effect.void
        })
      const found = yield* during(({ load }) => load, { fetch })
      assert.deepStrictEqual(found, { "xrpusdt@trade": at(1), "btcusdt@trade": at(12_000) })
      assert.isBelow(records, 6000)
    })
  )

  it.effect("bring no hole that was filled behind newer ones in place", () =>
    Effect.gen(function* () {
      const { load, publish, publishOnly } = yield* kafka
      yield* publish(...trades(1, 10))
      yield* publishOnly(...trades(15, 20), ...trades(11, 16))
      assert.deepStrictEqual(yield* load, { "btcusdt@trade": at(20) })
    })
  )
})
