import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as FrameFile from "../../src/layers/FrameFile.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const frames = Array.from({ length: 20_000 }, (_, id) => ({
  bytes: Buffer.from(`{"stream":"btcusdt@trade","data":{"t":${id}}}`),
  receivedAt: 1000 + id
}))
const lines = frames
  .map(({ bytes, receivedAt }) => `{"receivedAt":${receivedAt},"frame":${bytes.toString()}}\n`)
  .join("")

describe("FrameFile", () => {
  it.live("writes a line a frame, packed where the name says so", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      for (const [name, unpack] of [
        ["a.ndjson", (bytes: Buffer) => bytes],
        ["a.ndjson.zst", zlib.zstdDecompressSync]
      ] as const) {
        const path = join(folder, name)
        const size = yield* Effect.scoped(
          Effect.gen(function* () {
            const file = yield* FrameFile.create(path, false)
            for (let at = 0; at < frames.length; at += 100) yield* file.write(frames.slice(at, at + 100))
            return yield* file.finish
          })
        )
        const content = readFileSync(path)
        assert.strictEqual(size, content.byteLength)
        assert.strictEqual(unpack(content).toString(), lines)
      }
    })
  )

  it.effect("has in the packed file what was written a second ago, though it is never finished", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "a.zst")
      const file = yield* FrameFile.create(path, false)
      yield* file.write(frames.slice(0, 3))
      yield* TestClock.adjust("1 second")
      const unpacked = Effect.sync(() => {
        const content = readFileSync(path)
        const options = { finishFlush: zlib.constants.ZSTD_e_flush }
        return content.byteLength === 0 ? "" : zlib.zstdDecompressSync(content, options).toString()
      })
      const text = yield* TestClock.withLive(
        Effect.repeat(unpacked, { until: (text) => text !== "", schedule: Schedule.spaced("10 millis") })
      )
      assert.strictEqual(text.split("\n").length, 4)
    })
  )

  it.live("does not touch a file that exists, unless it may", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "a.ndjson")
      writeFileSync(path, "precious")
      const error = yield* Effect.flip(FrameFile.create(path, false))
      assert.strictEqual(error.message, `cannot write ${path}: it exists, and only --force overwrites it`)
      assert.strictEqual(readFileSync(path, "utf8"), "precious")
      const file = yield* FrameFile.create(path, true)
      yield* file.write(frames.slice(0, 1))
      yield* file.finish
      assert.match(readFileSync(path, "utf8"), /^\{"receivedAt":1000,/)
    })
  )

  it.live("says what is wrong with the place", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      mkdirSync(join(folder, "sub"))
      assert.match((yield* Effect.flip(FrameFile.create(join(folder, "none", "a"), false))).message, /none\/a: ENOENT/)
      assert.match((yield* Effect.flip(FrameFile.create(join(folder, "sub"), true))).message, /sub: EISDIR/)
      assert.isFalse(existsSync(join(folder, "none")))
    })
  )

  it.live.skipIf(!existsSync("/dev/full"))("fails when the disk is full", () =>
    Effect.gen(function* () {
      const file = yield* FrameFile.create("/dev/full", true)
      const error = yield* file.write(frames).pipe(Effect.andThen(file.finish), Effect.flip)
      assert.match(error.message, /^cannot write \/dev\/full: ENOSPC/)
    })
  )
})
