import { spawn } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { Writable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Schema } from "effect"
import * as ConsoleSink from "../../src/layers/ConsoleSink.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import * as HealthProbe from "../support/healthProbe.ts"

const record = (value: string | Uint8Array, fields: Partial<SinkRecord> = {}): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.from(value),
  timestamp: 1_700_000_000_123,
  headers: { "event-id": "e" },
  ...fields
})

/** A stream that takes 1 KiB without a pause; `answer` ends the write under way. */
const slowStream = () => {
  const out: Array<Buffer> = []
  let answer: (error?: Error) => void = () => assert.fail("no write is under way")
  const stream = new Writable({
    highWaterMark: 1024,
    write: (chunk: Buffer, _encoding, done) => {
      out.push(chunk)
      answer = done
    }
  })
  return { stream, answer: (error?: Error) => answer(error), text: () => Buffer.concat(out).toString() }
}

const sinkTo = (stream: Writable) =>
  Layer.build(ConsoleSink.layerOf(stream).pipe(Layer.provide(HealthProbe.layer))).pipe(
    Effect.map((context) => Context.get(context, EventSink))
  )

/** What the sink writes for the records, split into lines. */
const linesOf = (...records: ReadonlyArray<SinkRecord>) =>
  Effect.gen(function* () {
    const chunks: Array<Buffer> = []
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk)
        done()
      }
    })
    const sink = yield* sinkTo(stream)
    yield* sink.publish(records)
    yield* sink.flush
    const text = Buffer.concat(chunks).toString()
    assert.isTrue(text.endsWith("\n"))
    return text.slice(0, -1).split("\n")
  }).pipe(Effect.scoped)

describe("ConsoleSink", () => {
  it.effect("writes one line a record, with the value as the JSON that it is", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* linesOf(record('{"p":"1.10","n":1.0e2}'), record("[1, 2]", { key: '币"安' })), [
        '{"topic":"raw_trades","key":"BTCUSDT","timestamp":1700000000123,"headers":{"event-id":"e"},"value":{"p":"1.10","n":1.0e2}}',
        '{"topic":"raw_trades","key":"币\\"安","timestamp":1700000000123,"headers":{"event-id":"e"},"value":[1, 2]}'
      ])
    })
  )

  it.effect("keeps JSON of several lines on one line", () =>
    Effect.gen(function* () {
      const [line, ...rest] = yield* linesOf(record('{\r\n  "a": "x\\n"\n}'))
      assert.deepStrictEqual(rest, [])
      assert.deepStrictEqual(JSON.parse(line ?? "").value, { a: "x\n" })
    })
  )

  it.effect("writes what is no UTF-8 JSON as base64", () =>
    Effect.gen(function* () {
      const values = ["", "{", "7b7d ff", "ff", "\ufeff{}"].map((value) => Buffer.from(value, "latin1"))
      const lines = yield* linesOf(...values.map((value) => record(value)))
      assert.deepStrictEqual(
        lines.map((line) => Buffer.from(JSON.parse(line).value_base64, "base64").toString("hex")),
        values.map((value) => value.toString("hex"))
      )
    })
  )

  it.effect.prop(
    "writes lines that parse, whatever the records hold",
    { value: Schema.Uint8Array, text: Schema.String },
    ({ text, value }) =>
      Effect.gen(function* () {
        const lines = yield* linesOf(record(value), record(JSON.stringify({ text }), { headers: { h: text } }))
        assert.strictEqual(lines.length, 2)
        const [first, second] = lines.map((line): Record<string, unknown> => JSON.parse(line))
        assert.isTrue(first !== undefined && ("value" in first || "value_base64" in first))
        assert.deepStrictEqual(second?.["value"], { text })
        assert.deepStrictEqual(second?.["headers"], { h: text })
      })
  )

  it.effect("waits for the reader: publish while the stream is full, flush until all is out", () =>
    Effect.gen(function* () {
      const { answer, stream, text } = slowStream()
      const sink = yield* sinkTo(stream)
      yield* sink.publish([record(JSON.stringify("x".repeat(2000)))])
      assert.strictEqual(yield* sink.pending, 1)

      const second = yield* Effect.forkChild(sink.publish([record("2"), record("3")]), { startImmediately: true })
      yield* Effect.yieldNow
      assert.isUndefined(second.pollUnsafe())
      answer()
      yield* Fiber.join(second)

      const flush = yield* Effect.forkChild(sink.flush, { startImmediately: true })
      assert.strictEqual(yield* sink.pending, 2)
      assert.isUndefined(flush.pollUnsafe())
      // The records', then that of the flush itself.
      answer()
      yield* Effect.promise(() => setImmediate())
      answer()
      yield* Fiber.join(flush)
      assert.strictEqual(yield* sink.pending, 0)
      assert.strictEqual(text().split("\n").length, 4)
    })
  )

  it.effect("fails once the stream is broken, also a publish that waits", () =>
    Effect.gen(function* () {
      const { answer, stream } = slowStream()
      const sink = yield* sinkTo(stream)
      yield* sink.publish([record(JSON.stringify("x".repeat(2000)))])
      const second = yield* Effect.forkChild(Effect.flip(sink.publish([record("2")])), { startImmediately: true })
      answer(new Error("no space left on device"))
      assert.strictEqual((yield* Fiber.join(second)).message, "cannot write to stdout: no space left on device")
      assert.strictEqual((yield* Effect.flip(sink.flush))._tag, "SinkError")
    })
  )

  it.live("says that stdout was closed when its reader goes away", () =>
    Effect.gen(function* () {
      const script = fileURLToPath(new URL("../support/consoleWriter.ts", import.meta.url))
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] })),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      const { code, stderr } = yield* Effect.promise(async () => {
        const errors = child.stderr.toArray()
        await once(child.stdout, "data")
        child.stdout.destroy()
        const [code] = await once(child, "close")
        return { code, stderr: Buffer.concat(await errors).toString() }
      })
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "stdout was closed\n" })
    })
  )
})
