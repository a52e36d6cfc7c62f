import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { run, type RunOptions, SettingsError } from "../src/index.ts"
import type { SinkRecord } from "../src/schema/SinkRecord.ts"
import * as Exchange from "./support/exchange.ts"
import { goodFrame } from "./support/hostile.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const quiet = { HTTP_PORT: 0, LOG_LEVEL: "ERROR", BINANCE_STREAMS: "btcusdt@trade" }
const idsOf = (records: ReadonlyArray<SinkRecord>) =>
  records.map(({ headers }) => Number(headers["event-id"]?.split(":").at(-1)))

/** As a program without Effect would. */
const start = (options: RunOptions) => {
  const stop = new AbortController()
  return { stop, ended: run({ ...options, signal: stop.signal }) }
}

describe("run", () => {
  it.live("hands every record to the function and resolves when the feed has ended", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      writeFileSync(file, Array.from({ length: 250 }, (_, n) => `${goodFrame(n)}\n`).join(""))
      const batches: Array<ReadonlyArray<SinkRecord>> = []
      yield* Effect.promise(() =>
        run({
          // What a program does not have itself has its default.
          settings: { ...quiet, FEED: "replay", REPLAY_FILE: file, BATCH_SIZE: undefined, KAFKA_CLIENT_ID: undefined },
          store: async (batch) => void batches.push(batch)
        })
      )
      assert.deepStrictEqual(
        idsOf(batches.flat()),
        Array.from({ length: 250 }, (_, n) => n)
      )
      assert.deepStrictEqual(
        batches.map(({ length }) => length),
        [100, 100, 50]
      )
    })
  )

  it.live("stores what it has received when the signal aborts, and resolves", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const stored: Array<SinkRecord> = []
      const { ended, stop } = start({
        settings: {
          ...quiet,
          BINANCE_WS_URL: exchange.url.href,
          BINANCE_REST_URL: "http://127.0.0.1:1",
          BATCH_TIMEOUT_MS: 60_000
        },
        store: async (batch) => void stored.push(...batch)
      })
      const { pongs, socket } = yield* Queue.take(exchange.connections)
      for (let t = 0; t < 10; t++) socket.send(goodFrame(t))
      socket.ping()
      yield* Queue.take(pongs)
      stop.abort()
      yield* Effect.promise(() => ended)
      assert.deepStrictEqual(idsOf(stored), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })
  )

  it.live("rejects with every bad setting, and with what the function throws", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      writeFileSync(file, `${goodFrame(1)}\n`)
      const errorOf = (options: RunOptions) =>
        Effect.promise(() =>
          run(options).then(
            () => undefined,
            (error: unknown) => error
          )
        )
      const bad = yield* errorOf({ settings: { ...quiet, BATCH_SIZE: 1.5, KAFKA_ACKS: 7 } })
      assert(bad instanceof SettingsError)
      assert.lengthOf(bad.faults, 2)
      const broken = yield* errorOf({
        settings: { ...quiet, FEED: "replay", REPLAY_FILE: file },
        store: () => Promise.reject(new Error("no room"))
      })
      assert.match(String(broken), /no room/)
    })
  )
})
