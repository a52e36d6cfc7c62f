import { assert, it } from "@effect/vitest"
import { Clock, Context, Deferred, Duration, Effect, Fiber, Layer, Logger } from "effect"
import * as KafkaClients from "../../src/layers/KafkaClients.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as Spool from "../../src/layers/Spool.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { startBroker } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { readTopic } from "../support/kafka/records.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const KEYS = Array.from({ length: 12 }, (_, n) => `SYMBOL${n}`)
const TOPIC = "raw_trades"
const KIB = 1024

describeKafka("Spool over KafkaSink on a real broker", () => {
  it.live("stores everything once and in order when the broker goes away under load, with memory bounded", () =>
    Effect.gen(function* () {
      const broker = yield* Effect.acquireRelease(
        Effect.promise(() => startBroker()),
        (broker) => Effect.promise(broker.remove)
      )
      const dataDir = yield* temporaryFolder
      const engaged = yield* Deferred.make<void>()
      const drained = yield* Deferred.make<void>()
      const logger = Logger.make(({ message }) => {
        const text = String(Array.isArray(message) ? message[0] : message)
        if (text.startsWith("Records wait on the disk")) Deferred.doneUnsafe(engaged, Effect.void)
        if (text.startsWith("The spool is drained")) Deferred.doneUnsafe(drained, Effect.void)
      })
      const defaults = testSettings()
      const environment = Layer.mergeAll(
        settingsLayer({
          dataDir,
          spool: { mode: "auto", maxBytes: 2 ** 30, fsync: false },
          kafka: { ...defaults.kafka, acks: "all", compression: "none", bootstrapServers: [broker.bootstrap] }
        }),
        Layer.succeed(Spool.SpoolLimits, {
          stall: Duration.millis(500),
          waitingBytes: 128 * KIB,
          slowKafka: Duration.zero,
          slowProcess: Duration.zero,
          drainBytes: 64 * KIB,
          segmentBytes: 256 * KIB
        }),
        HealthProbe.layer,
        Logger.layer([logger])
      )
      const context = yield* Layer.build(
        Spool.layer.pipe(
          Layer.provideMerge(KafkaSink.releasable),
          Layer.provide(KafkaClients.driver),
          Layer.provideMerge(environment)
        )
      )
      const sink = Context.get(context, EventSink)
      const inner = Context.get(context, ReleasableSink)

      const now = yield* Clock.currentTimeMillis
      const published: Array<SinkRecord> = []
      const next = (count: number) => {
        const batch = Array.from({ length: count }, (_, n): SinkRecord => {
          const number = published.length + n
          const key = KEYS[number % KEYS.length] ?? ""
          return {
            topic: TOPIC,
            key,
            value: Buffer.from(`{"n":${number},"padding":"${"x".repeat(200)}"}`),
            timestamp: now,
            headers: { "event-id": `binance:spot:trade:${key}:${number}`, "content-type": "application/json" }
          }
        })
        published.push(...batch)
        return batch
      }

      const stop = yield* Deferred.make<void>()
      let most = 0
      const publisher = yield* Effect.gen(function* () {
        while (!(yield* Deferred.isDone(stop))) {
          yield* sink.publish(next(20))
          most = Math.max(most, inner.waiting().bytes)
          yield* Effect.sleep("20 millis")
        }
      }).pipe(Effect.provideContext(context), Effect.forkScoped)

      const publishedAbove = (count: number) =>
        Effect.repeat(Effect.sleep("20 millis"), { until: () => published.length > count })

      yield* publishedAbove(500)
      yield* Effect.promise(broker.stop)
      yield* Deferred.await(engaged)
      yield* publishedAbove(published.length + 1500)
      yield* Effect.promise(broker.start)
      yield* Deferred.await(drained)
      yield* publishedAbove(published.length + 200)
      yield* Deferred.succeed(stop, undefined)
      yield* Fiber.join(publisher)
      yield* sink.flush

      // What made it engage, a batch for each partition that was tried, and what is drained at a time.
      assert.isBelow(most, 500 * KIB)
      const stored = yield* Effect.promise(() => readTopic(broker.bootstrap, TOPIC))
      const ids = (records: ReadonlyArray<Pick<SinkRecord, "key" | "headers">>, key: string) =>
        records.filter((record) => record.key === key).map(({ headers }) => headers["event-id"])
      for (const key of KEYS) assert.deepStrictEqual(ids(stored, key), ids(published, key))
      assert.lengthOf(stored, published.length)
    }).pipe(Effect.scoped)
  )
})
