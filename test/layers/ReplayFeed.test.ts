import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Queue, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as ReplayFeed from "../../src/layers/ReplayFeed.ts"
import { MarketFeed } from "../../src/services/MarketFeed.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const feedOf = (file: string | undefined) =>
  Layer.build(
    ReplayFeed.layer.pipe(Layer.provide([settingsLayer({ replayFile: Option.fromNullishOr(file) }), HealthProbe.layer]))
  ).pipe(Effect.map((context) => Context.get(context, MarketFeed)))

/** The frames of a file with this content, in hex. */
const replay = (content: string | Uint8Array) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryFolder, "frames.jsonl")
    writeFileSync(file, content)
    const feed = yield* feedOf(file)
    return (yield* Stream.runCollect(feed.frames)).map(({ bytes }) => Buffer.from(bytes).toString("latin1"))
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
      yield* feed.frames.pipe(
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
      const frames = yield* Stream.runCollect(Context.get(context, MarketFeed).frames)
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
        Stream.runForEach(feed.frames, ({ bytes }) => Queue.offer(seen, Buffer.from(bytes).toString()))
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
        Effect.flatMap(feedOf(file), ({ frames }) => Effect.flip(Stream.runDrain(frames)))
      assert.match((yield* reasonFor(join(dir, "none"))).message, /^REPLAY_FILE: cannot read .*none: ENOENT/)
      mkdirSync(join(dir, "folder"))
      assert.match((yield* reasonFor(join(dir, "folder"))).message, /^REPLAY_FILE: cannot read .*folder: EISDIR/)
      assert.match((yield* Effect.flip(feedOf(undefined))).message, /^REPLAY_FILE is not set/)
    })
  )

  it.effect("refuses a file without lines before it fills the memory", () =>
    Effect.gen(function* () {
      const feed = yield* feedOf("/dev/zero")
      const error = yield* Effect.flip(Stream.runDrain(feed.frames))
      assert.match(error.message, /^REPLAY_FILE: \/dev\/zero has a line of more than 64 MiB/)
    })
  )
})
