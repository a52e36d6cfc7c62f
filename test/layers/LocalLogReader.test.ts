import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import * as LocalLog from "../../src/layers/LocalLog.ts"
import * as LocalLogReader from "../../src/layers/LocalLogReader.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const sinkIn = (dataDir: string) =>
  Layer.build(LocalLog.layer.pipe(Layer.provide([settingsLayer({ dataDir }), HealthProbe.layer]))).pipe(
    Effect.map((context) => Context.get(context, EventSink))
  )

const records = (topic: string, count: number, value: Uint8Array = Buffer.from("{}")): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, index) => ({
    topic,
    key: index % 3 === 0 ? "THIRD" : "OTHER",
    value,
    timestamp: index,
    headers: { "event-id": String(index) }
  }))

const offsets = (stored: ReadonlyArray<LocalLogReader.StoredRecord>) => stored.map(({ offset }) => offset)
const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step)

describe("LocalLogReader", () => {
  it.effect("lists the topics with their next offsets", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const sink = yield* sinkIn(dir)
      const reader = yield* LocalLogReader.open(dir)
      assert.deepStrictEqual(yield* reader.topics, [])
      yield* sink.publish([...records("b", 2), ...records("a", 1), ...records("c", 3)])
      assert.deepStrictEqual(
        (yield* reader.topics).map(({ next, topic }) => [topic, next]),
        [
          ["a", 1],
          ["b", 2],
          ["c", 3]
        ]
      )
    })
  )

  it.effect("reads over many pages in offset order, from an offset, by key, up to a limit", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const sink = yield* sinkIn(dir)
      yield* sink.publish(records("t", 3500))
      const reader = yield* LocalLogReader.open(dir)
      const read = (options?: LocalLogReader.ReadOptions) =>
        Effect.map(Stream.runCollect(reader.read("t", options)), offsets)

      assert.deepStrictEqual(yield* read(), range(0, 3500))
      assert.deepStrictEqual(yield* read({ from: 3400 }), range(3400, 3500))
      assert.deepStrictEqual(yield* read({ limit: 2001 }), range(0, 2001))
      assert.deepStrictEqual(yield* read({ key: "THIRD" }), range(0, 3500, 3))
      assert.deepStrictEqual(yield* read({ key: "THIRD", from: 1, limit: 3 }), [3, 6, 9])
      assert.deepStrictEqual(yield* read({ key: "NONE" }), [])
      assert.deepStrictEqual(yield* read({ from: 1, to: 1500 }), range(1, 1500))
      assert.deepStrictEqual(yield* read({ limit: 0 }), [])
      assert.deepStrictEqual(yield* Stream.runCollect(reader.read("nothing")), [])
    })
  )

  it.effect("holds few records at once when they are large", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const sink = yield* sinkIn(dir)
      yield* sink.publish(records("t", 12, Buffer.alloc(700_000, "x")))
      const reader = yield* LocalLogReader.open(dir)
      const pages: Array<number> = []
      yield* reader.read("t").pipe(Stream.runForEachArray((page) => Effect.sync(() => pages.push(page.length))))
      assert.deepStrictEqual(pages, [2, 2, 2, 2, 2, 2])
    })
  )

  it.effect("sees what is stored while it is open, and does not hold the writer up", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const sink = yield* sinkIn(dir)
      yield* sink.publish(records("t", 1500))
      const reader = yield* LocalLogReader.open(dir)
      const seen: Array<number> = []
      yield* reader.read("t").pipe(
        Stream.runForEachArray((page) => {
          const first = seen.length === 0
          seen.push(...offsets(page))
          return first ? sink.publish(records("t", 10)) : Effect.void
        })
      )
      assert.deepStrictEqual(seen, range(0, 1510))
    })
  )

  it.effect("says which file is missing", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const error = yield* Effect.flip(LocalLogReader.open(dir))
      assert.strictEqual(error.message, `cannot read ${dir}/log.sqlite: no such file`)
    })
  )
})
