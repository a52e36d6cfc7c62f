import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { afterAll, beforeAll, beforeEach, describe } from "vitest"
import type { Acks, KafkaClient } from "../../../src/schema/Settings.ts"
import type { KafkaError } from "../../../src/services/KafkaDriver.ts"
import { type Broker, startBroker } from "./broker.ts"
import { describeKafka } from "./describeKafka.ts"
import { build, expected, outcomeOf, records, withTopic } from "./driver.ts"
import { freePorts } from "./freePorts.ts"
import { type Proxy, startProxy } from "./proxy.ts"
import { readTopic } from "./records.ts"

const everyAcks: ReadonlyArray<Acks> = ["1", "all"]

/** Until it works, as the sink does. */
const persist = <A>(effect: Effect.Effect<A, KafkaError>) =>
  Effect.retry(effect, { schedule: Schedule.spaced("100 millis") })

/** `slow`: it waits for limits, or for a broker to come up once more. */
type Speed = "quick" | "slow"

export const faultSuite = (
  ...runs: ReadonlyArray<{ readonly client: KafkaClient; readonly speeds: ReadonlyArray<Speed> }>
) =>
  describeKafka("KafkaDriver under faults", () => {
    let broker: Broker
    let proxy: Proxy
    let server: string
    beforeAll(async () => {
      const [port = 0] = await freePorts(1)
      proxy = await startProxy(() => port)
      server = `127.0.0.1:${proxy.port}`
      broker = await startBroker({ port, properties: { "advertised.listeners": `CLIENT://${server}` } })
    })
    beforeEach(() => {
      proxy.answers = "pass"
    })
    afterAll(async () => {
      await broker.remove()
      await proxy.close()
    })

    describe.each(runs)("over $client", ({ client, speeds }) => {
      const quick = it.live.skipIf(!speeds.includes("quick"))
      const slow = it.live.skipIf(!speeds.includes("slow"))

      const read = (topic: string) => Effect.promise(() => readTopic(server, topic))

      /** Sends while no answer arrives. */
      const unanswered = <A>(answers: Proxy["answers"], produce: Effect.Effect<A, KafkaError>) =>
        Effect.gen(function* () {
          const before = proxy.withheld()
          proxy.answers = answers
          const error = yield* Effect.flip(produce)
          proxy.answers = "pass"
          assert.strictEqual(proxy.withheld(), before + 1)
          return error
        })

      for (const answers of ["lose", "hold"] as const) {
        const test = answers === "lose" ? quick : slow
        test(`stores a batch once that is repeated after its answer was ${answers === "lose" ? "lost" : "held back"}`, () =>
          Effect.gen(function* () {
            const { driver, topic } = yield* withTopic(server, { client, acks: "all" })
            const [first, second, third] = [records(topic, 4), records(topic, 6, 4), records(topic, 3, 10)]
            yield* driver.produce(topic, 0, first)
            const doubt = yield* unanswered(answers, driver.produce(topic, 0, second))
            assert.strictEqual(doubt.kind, "Doubt", doubt.message)
            assert.strictEqual(yield* driver.produce(topic, 0, [...second]), 4)
            assert.strictEqual(yield* driver.produce(topic, 0, third), 10)
            assert.deepStrictEqual(yield* read(topic), expected(0, [...first, ...second, ...third]))
          }))
      }

      quick("never takes another batch for the one in doubt", () =>
        Effect.gen(function* () {
          const { driver, topic } = yield* withTopic(server, { client, acks: "all" })
          const [first, other] = [records(topic, 5), records(topic, 5, 5)]
          const doubt = yield* unanswered("lose", driver.produce(topic, 0, first))
          assert.strictEqual(doubt.kind, "Doubt")
          assert.strictEqual(yield* driver.produce(topic, 0, other), 5)
          assert.deepStrictEqual(yield* read(topic), expected(0, [...first, ...other]))
        })
      )

      quick("stores twice what is repeated in doubt with KAFKA_ACKS=1, and says that there is doubt", () =>
        Effect.gen(function* () {
          const { driver, topic } = yield* withTopic(server, { client, acks: "1" })
          const batch = records(topic, 5)
          const doubt = yield* unanswered("lose", driver.produce(topic, 0, batch))
          assert.strictEqual(doubt.kind, "Doubt")
          assert.strictEqual(yield* driver.produce(topic, 0, batch), 5)
          assert.deepStrictEqual(yield* read(topic), expected(0, [...batch, ...batch]))
        })
      )

      for (const acks of everyAcks) {
        const test = acks === "1" ? quick : slow
        test(`cannot reach a broker that is down, and stores once it is up again (KAFKA_ACKS=${acks})`, () =>
          Effect.gen(function* () {
            const { driver, topic } = yield* withTopic(server, { client, acks })
            const [first, second] = [records(topic, 4), records(topic, 6, 4)]
            yield* driver.produce(topic, 0, first)
            yield* Effect.promise(broker.stop)
            const error = yield* Effect.flip(driver.produce(topic, 0, second))
            assert.strictEqual(error.kind, "Unreachable", error.message)
            yield* Effect.promise(broker.start)
            assert.strictEqual(yield* persist(driver.produce(topic, 0, second)), 4)
            assert.deepStrictEqual(yield* read(topic), expected(0, [...first, ...second]))
          }))
      }

      quick("goes on after the broker has closed its connections", () =>
        Effect.gen(function* () {
          for (const acks of ["0", "1", "all"] as const) {
            const { driver, topic } = yield* withTopic(server, { client, acks })
            const [first, second] = [records(topic, 4), records(topic, 6, 4)]
            yield* driver.produce(topic, 0, first)
            // Answered in order: the records are in the log before the connection goes.
            yield* driver.describe([topic])
            yield* Effect.promise(proxy.dropConnections)
            yield* persist(driver.produce(topic, 0, second))
            yield* driver.describe([topic])
            assert.deepStrictEqual(yield* read(topic), expected(0, [...first, ...second]))
          }
        })
      )

      quick("says once with KAFKA_ACKS=1 that the connection is not the one that acknowledged the last send", () =>
        Effect.gen(function* () {
          const { driver, topic } = yield* withTopic(server, { client, acks: "1" })
          const [first, second, third] = [records(topic, 4), records(topic, 6, 4), records(topic, 2, 10)]
          yield* driver.produce(topic, 0, first)
          yield* Effect.promise(proxy.dropConnections)
          assert.strictEqual((yield* Effect.flip(driver.produce(topic, 0, second))).kind, "Moved")
          assert.strictEqual(yield* driver.produce(topic, 0, second), 4)
          yield* Effect.promise(proxy.dropConnections)
          assert.strictEqual((yield* Effect.flip(driver.ends(topic, 0))).kind, "Moved")
          assert.strictEqual((yield* driver.ends(topic, 0)).next, 10)
          // Whoever asks is not whoever sends.
          assert.strictEqual((yield* Effect.flip(driver.produce(topic, 0, third))).kind, "Moved")
          assert.strictEqual(yield* driver.produce(topic, 0, third), 10)
          yield* Effect.promise(proxy.dropConnections)
          const asked = driver.highWatermarks([{ topic, partition: 0 }])
          assert.deepStrictEqual((yield* asked).map(outcomeOf), ["Moved"])
          assert.deepStrictEqual((yield* asked).map(outcomeOf), [12])
          assert.strictEqual((yield* Effect.flip(driver.produce(topic, 0, [...third]))).kind, "Moved")
          assert.deepStrictEqual(yield* read(topic), expected(0, [...first, ...second, ...third]))
        })
      )

      slow("stores a batch once that a broker was killed under", () =>
        Effect.gen(function* () {
          const { driver, topic } = yield* withTopic(server, { client, acks: "all" })
          const [first, second] = [records(topic, 4), records(topic, 6, 4)]
          yield* driver.produce(topic, 0, first)
          broker.pause()
          const asked = proxy.nextRequest()
          const killed = Effect.promise(() => asked.then(broker.kill))
          const [error] = yield* Effect.all([Effect.flip(driver.produce(topic, 0, second)), killed], {
            concurrency: "unbounded"
          })
          assert.strictEqual(error.kind, "Doubt", error.message)
          yield* Effect.promise(broker.start)
          assert.strictEqual(yield* persist(driver.produce(topic, 0, second)), 4)
          assert.deepStrictEqual(yield* read(topic), expected(0, [...first, ...second]))
        })
      )

      slow("is in doubt of a frozen broker, closes all the same, and stores once when it moves again", () =>
        Effect.gen(function* () {
          const { driver, topic } = yield* withTopic(server, { client, acks: "all" })
          const batch = records(topic, 6)
          yield* driver.produce(topic, 0, records(topic, 1))
          broker.pause()
          const error = yield* Effect.flip(driver.produce(topic, 0, batch))
          assert.strictEqual(error.kind, "Doubt", error.message)
          const other = yield* Effect.scoped(
            Effect.flatMap(build(server, { client }), ({ connect }) => Effect.flip(connect))
          )
          assert.strictEqual(other.kind, "Unreachable", other.message)
          broker.resume()
          assert.strictEqual(yield* persist(driver.produce(topic, 0, batch)), 1)
          assert.deepStrictEqual(yield* read(topic), expected(0, [...records(topic, 1), ...batch]))
        })
      )
    })
  })
