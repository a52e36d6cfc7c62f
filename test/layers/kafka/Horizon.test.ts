import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { partitionOf } from "../../../src/pipeline/murmur2.ts"
import type { KafkaDriver } from "../../../src/services/KafkaDriver.ts"
import { at, countReads, make, othersWrite, trade } from "../../support/positions.ts"

const partition = partitionOf("XRPUSDT", 6)
const kafka = make({ streams: ["xrpusdt@trade"], isShared: true })

/** A minute, and what is written of it. */
const aMinute = Effect.andThen(TestClock.adjust("1 minute"), TestClock.adjust("5 seconds"))

describe("a shard's horizon", () => {
  it.effect("takes a quiet stream's position along with what others write, so that little is read", () =>
    Effect.gen(function* () {
      const { driver, during, publish } = yield* kafka
      yield* publish(trade(1, "XRPUSDT"))
      yield* during(({ load }) =>
        Effect.gen(function* () {
          yield* load
          yield* othersWrite(driver, partition, 20)
          yield* aMinute
        })
      )
      const reading = countReads(driver, "raw_trades")
      const found = yield* during(({ load }) => load, { fetch: reading.fetch })
      assert.deepStrictEqual(found, { "xrpusdt@trade": at(1) })
      assert.isBelow(reading.reads(), 5)
    })
  )

  it.effect("does not pass a record of its own that is stored and was not answered", () =>
    Effect.gen(function* () {
      const { driver, during, load, publish } = yield* kafka
      yield* publish(trade(1, "XRPUSDT"))
      const produce: KafkaDriver["Service"]["produce"] = (topic, ...rest) =>
        topic === "raw_trades"
          ? Effect.andThen(driver.produce(topic, ...rest), Effect.never)
          : driver.produce(topic, ...rest)
      yield* during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            yield* load
            yield* sink.publish([trade(2, "XRPUSDT")])
            yield* othersWrite(driver, partition, 20)
            yield* aMinute
          }),
        { produce }
      )
      assert.deepStrictEqual(yield* load, { "xrpusdt@trade": at(2) })
    })
  )
})
