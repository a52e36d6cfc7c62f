import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Logger, Queue } from "effect"
import * as BinanceWebSocket from "../../src/layers/BinanceWebSocket.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import * as Exchange from "../support/exchange.ts"
import { goodFrame, hostileFrames, hostileStreams, seeded } from "../support/hostile.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"

const HOSTILE = 20_000
const HUGE_EVERY = 1000
/** What the Kafka of the second test takes in one batch: less than a huge frame. */
const MAX_MESSAGE_BYTES = 100_000

describe("hostile frames", () => {
  it.live(
    "become dead letters, every one, and cost not a single good frame",
    () =>
      Effect.gen(function* () {
        const exchange = yield* Exchange.make()
        const { binance } = testSettings()
        const settings = settingsLayer({
          binance: { ...binance, wsUrls: [exchange.url], streams: streamNames(...hostileStreams) },
          batch: { size: 1000, timeout: Duration.millis(50) }
        })
        const context = yield* Layer.build(
          Layer.mergeAll(BinanceWebSocket.layer, MemorySink.layer, MemoryHistory.none).pipe(
            Layer.provideMerge(HealthState.layer),
            Layer.provideMerge(settings)
          )
        )
        yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
        const { closed, socket } = yield* Queue.take(exchange.connections)

        const hostile = hostileFrames(20_261_124)
        const random = seeded(1)
        const sent: Array<Uint8Array> = []
        let good = 0
        for (let n = 0; n < HOSTILE; n++) {
          const frame = n % HUGE_EVERY === 0 ? hostile.huge() : hostile.next()
          const bytes = Buffer.from(frame as string)
          sent.push(bytes)
          socket.send(bytes, { binary: random() < 0.1 })
          if (random() < 0.3) socket.send(goodFrame(++good))
        }

        const log = Context.get(context, MemorySink.MemoryLog)
        const records = yield* log.until(HOSTILE + good)
        const letters = records.filter(({ topic }) => topic === "dead_letter")
        const trades = records.filter(({ topic }) => topic === "raw_trades")
        assert.strictEqual(letters.length, HOSTILE)
        letters.forEach((letter, n) => {
          if (!Buffer.from(letter.value).equals(sent[n]!))
            assert.fail(`dead letter ${n} is not the frame that was sent`)
          assert.isNotEmpty(letter.headers["dlq.reason"])
        })
        assert.deepStrictEqual(
          trades.map(({ headers }) => headers["event-id"]),
          Array.from({ length: good }, (_, n) => `binance:spot:trade:BTCUSDT:${n + 1}`)
        )
        assert.strictEqual(yield* Queue.size(closed), 0)
      }).pipe(Effect.provide(Logger.layer([]))),
    120_000
  )

  it.live(
    "are stored by Kafka as dead letters, every one, those too large for it cut and with size and digest of the whole",
    () =>
      Effect.gen(function* () {
        const { binance } = testSettings()
        const settings = settingsLayer({
          binance: { ...binance, streams: streamNames(...hostileStreams) },
          batch: { size: 1000, timeout: Duration.millis(50) }
        })
        const context = yield* Layer.build(
          KafkaSink.layer.pipe(
            Layer.provideMerge(MemoryKafka.layerWith({ maxMessageBytes: MAX_MESSAGE_BYTES })),
            Layer.provideMerge(Layer.mergeAll(MemoryFeed.layer, MemoryHistory.none, HealthState.layer, settings))
          )
        )
        const frames = Context.get(context, MemoryFeed.MemoryFrames)
        const hostile = hostileFrames(20_261_125)
        const random = seeded(2)
        const sent: Array<Buffer> = []
        let good = 0
        for (let n = 0; n < HOSTILE; n++) {
          const bytes = Buffer.from((n % HUGE_EVERY === 0 ? hostile.huge() : hostile.next()) as string)
          sent.push(bytes)
          yield* frames.offer(bytes)
          if (random() < 0.3) yield* frames.offer(goodFrame(++good))
        }
        yield* frames.end
        yield* Ingest.run.pipe(Effect.provide(context))

        const broker = Context.get(context, MemoryKafka.MemoryBroker)
        const letters = (yield* broker.log("dead_letter")).flat()
        assert.lengthOf(letters, HOSTILE)
        let cut = 0
        letters.forEach(({ headers, value }, n) => {
          const whole = sent[n]!
          if (!whole.subarray(0, value.byteLength).equals(value)) assert.fail(`dead letter ${n} is of another frame`)
          if (value.byteLength === whole.byteLength) return
          cut++
          assert.isAbove(whole.byteLength, MAX_MESSAGE_BYTES / 2)
          assert.isAbove(value.byteLength, MAX_MESSAGE_BYTES / 2)
          assert.strictEqual(headers["dlq.bytes"], String(whole.byteLength))
          assert.strictEqual(headers["dlq.sha256"], createHash("sha256").update(whole).digest("hex"))
        })
        assert.strictEqual(cut, HOSTILE / HUGE_EVERY)
        const stored = (yield* broker.log("raw_trades")).flat().map(({ headers }) => headers["event-id"])
        assert.deepStrictEqual(
          stored,
          Array.from({ length: good }, (_, n) => `binance:spot:trade:BTCUSDT:${n + 1}`)
        )
      }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))),
    120_000
  )
})
