import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Simulator from "../src/simulator/Simulator.ts"
import { command, linesOf, start } from "./support/commands.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const streams = "btcusdt@trade,ethusdt@trade,btcusdt@kline_1m"

/** A simulated exchange, and settings to reach it. */
const exchange = Effect.gen(function* () {
  const { restUrl, wsUrl } = yield* Simulator.make({ rate: 500 })
  return { BINANCE_WS_URL: wsUrl, BINANCE_REST_URL: restUrl, BINANCE_STREAMS: streams }
})

describe("record and replay", () => {
  it.live("record ends with 0 when it is interrupted; replay makes the same records of it every time", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "a.ndjson.zst")
      const settings = yield* exchange
      const recording = yield* start(["record", file], settings)
      yield* Effect.repeat(
        Effect.sync(() => existsSync(file) && readFileSync(file).byteLength > 1000),
        { until: (some) => some, schedule: Schedule.spaced("50 millis") }
      )
      yield* recording.signal("SIGINT")
      const { code, stderr } = yield* recording.ended
      assert.strictEqual(code, 0, stderr)
      const lines = linesOf(zlib.zstdDecompressSync(readFileSync(file)).toString()).map((line) => JSON.parse(line))
      const [, count = ""] = /^\S+a\.ndjson\.zst: (\d+) frames in [\d.]+ s, [\d.]+ KiB\n$/.exec(stderr) ?? []
      assert.strictEqual(Number(count), lines.length)

      const replayed = yield* command(["replay", file, "--speed", "max", "--sink", "console"], settings)
      assert.strictEqual(replayed.code, 0, replayed.stderr)
      assert.include(replayed.stderr, `${file}: ${count} frames replayed in `)
      const records = linesOf(replayed.stdout).map((line) => JSON.parse(line))
      const times = new Set(lines.map(({ receivedAt }) => receivedAt))
      assert.isAbove(records.length, 5)
      for (const { topic, value } of records) {
        assert.notStrictEqual(topic, "dead_letter")
        assert.isTrue(times.has(value.ingestion_timestamp))
      }
      const again = yield* command(["replay", file, "--speed", "1000", "--sink", "console"], settings)
      assert.strictEqual(again.stdout, replayed.stdout)
    })
  )

  it.live("record takes the place of a file only when told to, and ends with what was asked for", () =>
    Effect.gen(function* () {
      const settings = yield* exchange
      const args = ["record", "a.ndjson", "--frames", "1000"]
      const refused = yield* start(args, settings, { "a.ndjson": "precious" })
      const { code, stderr } = yield* refused.ended
      assert.deepStrictEqual(
        [code, stderr],
        [2, "binance-kafka-connector: cannot write a.ndjson: it exists, and only --force overwrites it\n"]
      )
      assert.strictEqual(readFileSync(join(refused.folder, "a.ndjson"), "utf8"), "precious")
      const forced = yield* start([...args, "--force"], settings, { "a.ndjson": "precious" })
      assert.strictEqual((yield* forced.ended).code, 0)
      assert.lengthOf(linesOf(readFileSync(join(forced.folder, "a.ndjson"), "utf8")), 1000)
    })
  )

  it.live("record keeps no file without a frame, interrupted or not", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ rate: 0 })
      const settings = { BINANCE_WS_URL: simulator.wsUrl, BINANCE_STREAMS: "btcusdt@trade", LOG_LEVEL: "INFO" }
      const recording = yield* start(["record", "a.ndjson"], settings)
      yield* recording.says(/connected|opened|live|Subscribed/i)
      yield* recording.signal("SIGINT")
      const ended = yield* start(["record", "a.ndjson", "--duration", "1s"], settings)
      for (const program of [recording, ended]) {
        const { code, stderr } = yield* program.ended
        assert.strictEqual(code, 2, stderr)
        assert.match(stderr, /binance-kafka-connector: a\.ndjson is not kept: not one frame in /)
        assert.isFalse(existsSync(join(program.folder, "a.ndjson")))
      }
    })
  )

  it.live("replay says what it cannot do", () =>
    Effect.gen(function* () {
      const frame = '{"stream":"btcusdt@trade","data":{}}\n'
      const { code, stderr } = yield* command(["replay", "a.ndjson", "--sink", "console"], {}, { "a.ndjson": frame })
      assert.strictEqual(code, 1)
      assert.match(stderr, /does not say when its frames were received; expected max/)
      const fast = yield* command(["replay", "a.ndjson", "--speed", "1e308"])
      assert.strictEqual(fast.code, 2)
      assert.match(fast.stderr, /--speed.*max, or a number above 0 in plain digits/)
    })
  )
})
