import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Logger, Queue } from "effect"
import * as BinanceWebSocket from "../../src/layers/BinanceWebSocket.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import * as Exchange from "../support/exchange.ts"
import { goodFrame, hostileFrames, seeded } from "../support/hostile.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const HOSTILE = 20_000
const HUGE_EVERY = 1000

describe("hostile frames", () => {
  it.live(
    "become dead letters, every one, and cost not a single good frame",
    () =>
      Effect.gen(function* () {
        const exchange = yield* Exchange.make()
        const { binance } = testSettings()
        const settings = settingsLayer({
          binance: { ...binance, wsUrl: exchange.url },
          batch: { size: 1000, timeout: Duration.millis(50) }
        })
        const context = yield* Layer.build(
          Layer.mergeAll(BinanceWebSocket.layer, MemorySink.layer).pipe(
            Layer.provide(HealthState.layer),
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
})
