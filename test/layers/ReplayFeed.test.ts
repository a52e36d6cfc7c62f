import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Queue, Result, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as ReplayFeed from "../../src/layers/ReplayFeed.ts"
import { MarketFeed } from "../../src/services/MarketFeed.ts"
import { ReplayProgress, type ReplayState } from "../../src/services/ReplayProgress.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const feedOf = (file: string | undefined, replaySpeed = Infinity) =>
  Layer.build(
    ReplayFeed.layer.pipe(
      Layer.provide([settingsLayer({ replayFile: Option.fromNullishOr(file), replaySpeed }), HealthProbe.layer])
    )
  ).pipe(Effect.map((context) => Context.get(context, MarketFeed)))

/** The frames of a file with this content, in hex. */
const replay = (content: string | Uint8Array) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryFolder, "frames.jsonl")
    writeFileSync(file, content)
    const feed = yield* feedOf(file)
    return (yield* Stream.runCollect(feed.frames([]))).map(({ bytes }) => Buffer.from(bytes).toString("latin1"))
  }).pipe(Effect.scoped)

describe("ReplayFeed", () => {
  it.effect("gives one frame a line: CRLF and empty lines tolerated, no line break needed at the end", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* replay("{a}\n{b}\r\n\n\r\n{c}\n"), ["{a}", "{b}", "{c}"])
      assert.deepStrictEqual(yield* replay("{a}\n{b}"), ["{a}", "{b}"])
      assert.deepStrictEqual(yield* replay("{a}\r\n{b}\r"), ["{a}", "{b}"])
      assert.deepStrictEqual(yield* replay(""), [])
      assert.deepStrictEqual(yield* replay("\n\n"), [])
      assert.deepStrictEqual(yield* replay(" \n"), [" "])
    })
  )

  it.effect.prop(
    "gives every line byte for byte, whatever bytes it holds",
    [Schema.Array(Schema.Uint8Array)],
    ([parts]) =>
      Effect.gen(function* () {
        const lines = parts
          .map((part) =>
            Buffer.from(part)
              .toString("latin1")
              .replaceAll(/[\r\n]/g, "\xff")
          )
          .filter((line) => line !== "")
        assert.deepStrictEqual(yield* replay(Buffer.from(lines.join("\n"), "latin1")), lines)
      }),
    { arbitrary: { runs: 50 } }
  )

  it.effect("gives lines that go over many blocks, and lines that end at a block's edge", () =>
    Effect.gen(function* () {
      const block = 256 * 1024
      const lines = [
        "a".repeat(block - 1),
        "b".repeat(block),
        "c",
        "d".repeat(5 * 1024 * 1024),
        "e".repeat(block - 2),
        "f"
      ]
      assert.deepStrictEqual(yield* replay(lines.join("\n")), lines)
      assert.deepStrictEqual(yield* replay(lines.join("\r\n")), lines)
    })
  )

  it.effect("reads a block only when it is asked for", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const file = join(dir, "frames.jsonl")
      const line = `${"x".repeat(1023)}\n`
      writeFileSync(file, line.repeat(1024))
      const feed = yield* feedOf(file)
      const chunks: Array<number> = []
      yield* feed.frames([]).pipe(
        Stream.runForEachArray((frames) =>
          Effect.promise(async () => {
            // What is not read yet can still change.
            if (chunks.push(frames.length) > 1) return
            const handle = await open(file, "r+")
            await handle.truncate(512 * 1024)
            await handle.close()
          })
        )
      )
      assert.deepStrictEqual(chunks, [256, 256])
    })
  )

  it.effect("stamps frames with the clock and reports its connection", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.jsonl")
      writeFileSync(file, "{}\n")
      yield* TestClock.adjust(7)
      const context = yield* Layer.build(
        ReplayFeed.layer.pipe(
          Layer.provide(settingsLayer({ replayFile: Option.some(file) })),
          Layer.provideMerge(HealthProbe.layer)
        )
      )
      const frames = yield* Stream.runCollect(Context.get(context, MarketFeed).frames([]))
      assert.deepStrictEqual(
        frames.map(({ receivedAt }) => receivedAt),
        [7]
      )
      assert.strictEqual(Context.get(context, HealthProbe.HealthProbe).connections.get("replay")?.state, "up")
    })
  )

  it.live("ends when it is closed, also while it waits for a pipe that is silent", () =>
    Effect.gen(function* () {
      const pipe = join(yield* temporaryFolder, "pipe")
      execFileSync("mkfifo", [pipe])
      const feed = yield* feedOf(pipe)
      const seen = yield* Queue.unbounded<string>()
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(feed.frames([]), ({ bytes }) => Queue.offer(seen, Buffer.from(bytes).toString()))
      )
      const writer = yield* Effect.acquireRelease(
        Effect.promise(() => open(pipe, "w")),
        (writer) => Effect.promise(() => writer.close())
      )
      yield* Effect.promise(() => writer.write("{a}\n{unfinished"))
      assert.strictEqual(yield* Queue.take(seen), "{a}")
      yield* feed.close
      // The writer goes first, as it would: the read under way can then end.
      yield* Effect.promise(() => writer.write("\n"))
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* Queue.size(seen), 0)
    })
  )

  it.effect("names REPLAY_FILE when it is missing, unreadable or not set", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const reasonFor = (file: string) =>
        Effect.flatMap(feedOf(file), ({ frames }) => Effect.flip(Stream.runDrain(frames([]))))
      assert.match((yield* reasonFor(join(dir, "none"))).message, /^REPLAY_FILE: cannot read .*none: ENOENT/)
      mkdirSync(join(dir, "folder"))
      assert.match((yield* reasonFor(join(dir, "folder"))).message, /^REPLAY_FILE: cannot read .*folder: EISDIR/)
      assert.match((yield* Effect.flip(feedOf(undefined))).message, /^REPLAY_FILE is not set/)
    })
  )

  it.effect("refuses a file without lines before it fills the memory", () =>
    Effect.gen(function* () {
      const feed = yield* feedOf("/dev/zero")
      const error = yield* Effect.flip(Stream.runDrain(feed.frames([])))
      assert.match(error.message, /^REPLAY_FILE: \/dev\/zero has a line of more than 64 MiB/)
    })
  )

  const timed = (...times: ReadonlyArray<number>) =>
    times.map((time, index) => `{"receivedAt":${time},"frame":{"n":${index}}}\n`).join("")

  it.effect("keeps the moment of receipt where the recording says it", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      writeFileSync(file, `${timed(5000, 6000)}{"n":2}\n`)
      yield* TestClock.adjust(7)
      const { frames } = yield* feedOf(file)
      assert.deepStrictEqual(
        (yield* Stream.runCollect(frames([]))).map(({ bytes, receivedAt }) => [
          Buffer.from(bytes).toString(),
          receivedAt
        ]),
        [
          ['{"n":0}', 5000],
          ['{"n":1}', 6000],
          ['{"n":2}', 7]
        ]
      )
    })
  )

  it.live("reads what is packed, and says what is wrong with it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = join(folder, "frames.ndjson.zst")
      const content = timed(...Array.from({ length: 50_000 }, (_, n) => n))
      const packed = zlib.zstdCompressSync(content)
      const read = (bytes: Uint8Array) =>
        Effect.gen(function* () {
          writeFileSync(file, bytes)
          const { frames } = yield* feedOf(file)
          let count = 0
          const end = yield* Effect.result(Stream.runForEach(frames([]), () => Effect.sync(() => void count++)))
          return { count, fault: Result.isFailure(end) ? end.failure.message : undefined }
        })
      assert.deepStrictEqual(yield* read(packed), { count: 50_000, fault: undefined })
      const torn = yield* read(packed.subarray(0, -5))
      assert.isAbove(torn.count, 20_000)
      assert.match(torn.fault ?? "", /it ends in the middle/)
      assert.match((yield* read(Buffer.from("no zstd"))).fault ?? "", /^REPLAY_FILE: cannot read .*not packed by zstd/)
      const damaged = Buffer.from(packed)
      damaged.fill(0xff, packed.byteLength - 2000, packed.byteLength - 1000)
      const broken = yield* read(damaged)
      assert.isAbove(broken.count, 20_000)
      assert.match(broken.fault ?? "", /^REPLAY_FILE: cannot read .*it is damaged, everything before/)
      assert.match((yield* read(Buffer.concat([packed, packed]))).fault ?? "", /more behind its first zstd frame/)
      const absent = yield* feedOf(join(folder, "none.zst"))
      assert.match((yield* Effect.flip(Stream.runDrain(absent.frames([])))).message, /none.zst: ENOENT/)
    })
  )

  it.effect("gives frames at the pace at which they came, or a multiple of it", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      writeFileSync(file, timed(10_000, 10_001, 20_000, 15_000, 70_000))
      for (const speed of [1, 10, 0.5]) {
        const { frames } = yield* feedOf(file, speed)
        const seen = yield* Queue.unbounded<number>()
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(frames([]), ({ receivedAt }) => Queue.offer(seen, receivedAt))
        )
        assert.deepStrictEqual([yield* Queue.take(seen), yield* Queue.take(seen)], [10_000, 10_001])
        yield* TestClock.adjust((10_000 - 1) / speed)
        assert.strictEqual(yield* Queue.size(seen), 0)
        yield* TestClock.adjust(1 / speed)
        // The one that is overdue comes at once.
        assert.deepStrictEqual([yield* Queue.take(seen), yield* Queue.take(seen)], [20_000, 15_000])
        yield* TestClock.adjust(49_999 / speed)
        assert.strictEqual(yield* Queue.size(seen), 0)
        yield* TestClock.adjust(1 / speed)
        assert.strictEqual(yield* Queue.take(seen), 70_000)
        yield* Fiber.join(fiber)
      }
    })
  )

  it.effect("ends when it is closed, also while it waits for a frame's time", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      writeFileSync(file, timed(0, 86_400_000))
      const feed = yield* feedOf(file, 1)
      const seen = yield* Queue.unbounded<number>()
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(feed.frames([]), ({ receivedAt }) => Queue.offer(seen, receivedAt))
      )
      assert.strictEqual(yield* Queue.take(seen), 0)
      yield* feed.close
      yield* Fiber.join(fiber)
    })
  )

  it.effect("cannot keep the pace of frames that nobody knows when they came", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      writeFileSync(file, '{"n":0}\n')
      const { frames } = yield* feedOf(file, 1)
      assert.match(
        (yield* Effect.flip(Stream.runDrain(frames([])))).message,
        /^REPLAY_SPEED: .*frames.ndjson does not say when its frames were received; expected max/
      )
    })
  )

  it.effect("tells how far it is", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "frames.ndjson")
      const content = timed(1, 2, 3)
      writeFileSync(file, content)
      const told: Array<ReplayState> = []
      const { frames } = yield* Effect.provideService(feedOf(file), ReplayProgress, (state) => void told.push(state))
      yield* Stream.runDrain(frames([]))
      assert.deepStrictEqual(told.at(-1), { read: content.length, size: content.length, frames: 3 })
    })
  )
})
