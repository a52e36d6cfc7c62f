import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { error, record, start } from "../support/kafkaSink.ts"

describe("what Kafka refuses", () => {
  it.effect("sends a refused record to the dead-letter topic, with the reason, and stores its neighbours", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start()
      broker.produce = ({ records, topic }) =>
        Effect.succeed(
          topic === "raw_trades" && records.some(({ timestamp }) => timestamp === 7)
            ? { error: error("Refused", "the record is too large") }
            : "stored"
        )
      yield* sink.publish(Array.from({ length: 20 }, (_, n) => record(n)))
      yield* sink.flush
      assert.deepStrictEqual(
        broker.stored("raw_trades").map(({ timestamp }) => timestamp),
        Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 7)
      )
      const [dead, ...others] = broker.stored("dead_letter")
      assert.lengthOf(others, 0)
      assert.include(dead?.headers, { "event-id": "BTCUSDT:7", "dlq.reason": "the record is too large" })
      assert.strictEqual(Buffer.from(dead!.value).toString(), '{"n":7}')
      assert.strictEqual(yield* sink.pending, 0)
    })
  )

  it.effect("drops a dead letter that is refused in its turn, and says so", () =>
    Effect.gen(function* () {
      const { broker, sink, warnings } = yield* start()
      broker.produce = () => Effect.succeed({ error: error("Refused") })
      yield* sink.publish([record(1)])
      yield* sink.flush
      assert.strictEqual(yield* sink.pending, 0)
      assert.deepStrictEqual(
        warnings().map(({ level }) => level),
        ["Warn", "Error"]
      )
    })
  )

  it.effect("cuts a dead letter to what its topic takes", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({
        broker: (broker) => broker.add("dead_letter", { partitions: 1, maxMessageBytes: 2000 })
      })
      yield* sink.publish([{ ...record(1, "btcusdt@trade", "dead_letter"), value: Buffer.alloc(5000, 0x61) }])
      yield* sink.flush
      const [dead] = broker.stored("dead_letter")
      assert.isBelow(dead!.value.byteLength, 2000)
      assert.isAbove(dead!.value.byteLength, 1000)
      assert.strictEqual(dead?.headers["dlq.bytes"], "5000")
      assert.match(dead?.headers["dlq.sha256"] ?? "", /^[0-9a-f]{64}$/)
    })
  )

  it.effect("keeps the size of the whole when a refused record is cut to fit the dead-letter topic", () =>
    Effect.gen(function* () {
      const { broker, sink } = yield* start({
        broker: (broker) => broker.add("dead_letter", { partitions: 1, maxMessageBytes: 2000 })
      })
      broker.produce = ({ topic }) =>
        Effect.succeed(topic === "raw_trades" ? { error: error("Refused", "too large") } : "stored")
      yield* sink.publish([{ ...record(1), value: Buffer.alloc(20_000, 0x61) }])
      yield* sink.flush
      const [dead] = broker.stored("dead_letter")
      assert.isBelow(dead!.value.byteLength, 2000)
      assert.strictEqual(dead?.headers["dlq.bytes"], "20000")
    })
  )
})
