import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Metric, Queue, Schema, Stream } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import * as LocalLog from "../../src/layers/LocalLog.ts"
import * as LocalLogReader from "../../src/layers/LocalLogReader.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import * as HealthProbe from "../support/healthProbe.ts"
import { settingsLayer } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const record = (fields: Partial<SinkRecord> = {}): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.from('{"original_data":{"p":"1.10"}}'),
  timestamp: 1_700_000_000_123,
  headers: { "event-id": "e", "content-type": "application/json" },
  ...fields
})

const logIn = (dataDir: string) => LocalLog.layer.pipe(Layer.provide(settingsLayer({ dataDir })))

/** Publishes in a sink of its own, closed again at the end. */
const publish = (dataDir: string, ...batches: ReadonlyArray<ReadonlyArray<SinkRecord>>) =>
  Effect.gen(function* () {
    const sink = yield* EventSink
    for (const batch of batches) yield* sink.publish(batch)
    yield* sink.flush
  }).pipe(Effect.provide(logIn(dataDir).pipe(Layer.provide(HealthProbe.layer))))

const readAll = (dataDir: string, topic: string, options?: LocalLogReader.ReadOptions) =>
  Effect.scoped(
    Effect.flatMap(LocalLogReader.open(dataDir), (reader) => Stream.runCollect(reader.read(topic, options)))
  )

const bytesOf = (stored: LocalLogReader.StoredRecord) => Buffer.from(stored.value).toString("hex")

/** Plain SQL, as a user would type it. */
const query = (dataDir: string, sql: string) => {
  const database = new DatabaseSync(join(dataDir, "log.sqlite"), { readOnly: true })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

const writer = (dataDir: string, name: string, batches: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        process.execPath,
        [fileURLToPath(new URL("../support/localLogWriter.ts", import.meta.url)), dataDir, name, String(batches)],
        { stdio: ["ignore", "pipe", "pipe"] }
      )
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const finished = (child: ChildProcessByStdio<null, Readable, Readable>) =>
  Effect.promise(async () => {
    child.stdout.resume()
    const errors = child.stderr.toArray()
    const [code] = await once(child, "close")
    return { code, stderr: Buffer.concat(await errors).toString() }
  })

describe("LocalLog", () => {
  it.effect("numbers the records of each topic from 0 and keeps every field", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const first = record({ headers: { "event-id": "1", "content-type": "x", extra: 'quo"ted é' } })
      const other = record({ topic: "raw_tickers", key: "币安" })
      const second = record({ value: Buffer.from("2"), timestamp: 5 })
      yield* publish(dir, [first, other], [second])
      assert.deepStrictEqual(
        (yield* readAll(dir, "raw_trades")).map((stored) => [
          stored.offset,
          stored.key,
          stored.timestamp,
          stored.headers
        ]),
        [
          [0, first.key, first.timestamp, first.headers],
          [1, second.key, second.timestamp, second.headers]
        ]
      )
      assert.deepStrictEqual(
        (yield* readAll(dir, "raw_tickers")).map(({ key, offset }) => ({ key, offset })),
        [{ key: "币安", offset: 0 }]
      )
    })
  )

  it.effect("makes DATA_DIR with its parents, and goes on with the offsets after a restart", () =>
    Effect.gen(function* () {
      const dir = join(yield* temporaryFolder, "a", "b")
      yield* publish(dir, [record(), record()])
      yield* publish(dir, [record()])
      assert.deepStrictEqual(
        (yield* readAll(dir, "raw_trades")).map(({ offset }) => offset),
        [0, 1, 2]
      )
    })
  )

  it.effect("answers plain SQL, with JSON functions on the value", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      yield* publish(dir, [
        record(),
        record({ key: "ETHUSDT" }),
        record({ value: Buffer.from('{"original_data":{"p":"2"}}') })
      ])
      assert.deepStrictEqual(
        query(dir, `SELECT value FROM records WHERE topic='raw_trades' AND key='BTCUSDT' ORDER BY offset LIMIT 3`).map(
          ({ value }) => value
        ),
        ['{"original_data":{"p":"1.10"}}', '{"original_data":{"p":"2"}}']
      )
      assert.deepStrictEqual(
        query(dir, "SELECT json_extract(value, '$.original_data.p') AS p FROM records ORDER BY offset").map(
          ({ p }) => p
        ),
        ["1.10", "1.10", "2"]
      )
    })
  )

  it.effect("keeps any bytes: text where they are UTF-8, a blob where they are not", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const values = ["", "7b7d", "c3a9", "efbbbf7b7d", "00", "610062", "ff", "c3", "f09f9880", "eda080"]
      yield* publish(
        dir,
        values.map((hex) => record({ value: Buffer.from(hex, "hex") }))
      )
      assert.deepStrictEqual((yield* readAll(dir, "raw_trades")).map(bytesOf), values)
      assert.deepStrictEqual(
        query(dir, "SELECT typeof(value) AS type FROM records ORDER BY offset").map(({ type }) => type),
        ["text", "text", "text", "text", "text", "text", "blob", "blob", "text", "blob"]
      )
    })
  )

  it.effect.prop(
    "gives back byte for byte whatever was published",
    { values: Schema.Array(Schema.Uint8Array) },
    ({ values }) =>
      Effect.gen(function* () {
        const dir = yield* temporaryFolder
        yield* publish(
          dir,
          values.map((value) => record({ value }))
        )
        assert.deepStrictEqual(
          (yield* readAll(dir, "raw_trades")).map(bytesOf),
          values.map((value) => Buffer.from(value).toString("hex"))
        )
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 20 } }
  )

  it.effect("takes nothing of a batch of which one record cannot be stored, and goes on", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const sink = Context.get(yield* Layer.build(logIn(dir)), EventSink)
      const error = yield* Effect.flip(sink.publish([record(), record({ timestamp: 1.5 })]))
      assert.match(error.message, /^DATA_DIR: cannot write .*cannot store REAL value in INTEGER column/)
      yield* sink.publish([record({ key: "next" })])
      assert.deepStrictEqual(
        (yield* readAll(dir, "raw_trades")).map(({ key, offset }) => [offset, key]),
        [[0, "next"]]
      )
    }).pipe(Effect.provide(HealthProbe.layer))
  )

  it.effect("says what is wrong with a DATA_DIR that cannot be written", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      writeFileSync(join(dir, "file"), "")
      const inFile = yield* Effect.flip(publish(join(dir, "file", "data"), []))
      assert.match(
        inFile.message,
        /^DATA_DIR: cannot write .*log\.sqlite: EEXIST.*; expected a folder that can be written, for example \.\/data$/
      )
      const onFile = yield* Effect.flip(publish(join(dir, "file"), []))
      assert.match(
        onFile.message,
        /^DATA_DIR: cannot write .*EEXIST.*; expected a folder that can be written, for example \.\/data$/
      )
    })
  )

  it.effect("says so when the file is no database", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      writeFileSync(join(dir, "log.sqlite"), "x".repeat(5000))
      const error = yield* Effect.flip(publish(dir, [record()]))
      assert.match(error.message, /log\.sqlite: file is not a database/)
    })
  )

  it.effect("waits for a file that is locked, with one warning, and stores then", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const sink = Context.get(yield* Layer.build(logIn(dir)), EventSink)
      const { sinks } = yield* HealthProbe.HealthProbe
      assert.strictEqual((yield* Queue.take(sinks)).state, "up")

      const other = new DatabaseSync(join(dir, "log.sqlite"))
      other.exec("BEGIN IMMEDIATE")
      const first = yield* Effect.forkChild(sink.publish([record({ key: "first" })]))
      assert.match((yield* Queue.take(sinks)).detail, /database is locked/)
      const second = yield* Effect.forkChild(sink.publish([record({ key: "second" })]))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(first.pollUnsafe())
      other.exec("ROLLBACK")
      other.close()
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(first)
      yield* Fiber.join(second)

      assert.strictEqual((yield* Queue.take(sinks)).state, "up")
      assert.deepStrictEqual(
        (yield* readAll(dir, "raw_trades")).map(({ key }) => key),
        ["first", "second"]
      )
      const warnings = (yield* TestConsole.logLines).filter((line) => String(line).includes("trying again"))
      assert.strictEqual(warnings.length, 1)
    }).pipe(Effect.provide(HealthProbe.layer))
  )

  it.effect("counts what it has stored", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const before = (yield* Metric.value(Telemetry.recordsStored)).count
      yield* publish(dir, [record(), record()], [record()])
      assert.strictEqual(Number((yield* Metric.value(Telemetry.recordsStored)).count) - Number(before), 3)
    })
  )

  it.live("holds whole batches only after its process was killed while writing, and goes on behind them", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const child = yield* writer(dir, "w", 1_000_000)
      const acknowledged = yield* Effect.promise(async () => {
        let batches = 0
        for await (const line of createInterface(child.stdout)) {
          batches = Number(line)
          if (batches === 20) child.kill("SIGKILL")
        }
        return batches
      })
      assert.isAtLeast(acknowledged, 20)

      const stored = yield* readAll(dir, "t")
      assert.isAtLeast(stored.length, acknowledged * 50)
      assert.strictEqual(stored.length % 50, 0)
      stored.forEach(({ offset, value }, index) => {
        assert.strictEqual(offset, index)
        assert.deepStrictEqual(JSON.parse(Buffer.from(value).toString()), {
          number: index,
          padding: "x".repeat(500)
        })
      })
      assert.deepStrictEqual(
        query(dir, "PRAGMA integrity_check").map((row) => row["integrity_check"]),
        ["ok"]
      )

      yield* publish(dir, [record({ topic: "t" })])
      assert.deepStrictEqual(
        (yield* readAll(dir, "t", { from: stored.length })).map(({ offset }) => offset),
        [stored.length]
      )
    })
  )

  it.live("takes turns with another process on the same file", () =>
    Effect.gen(function* () {
      const dir = yield* temporaryFolder
      const ends = yield* Effect.forEach(["a", "b"], (name) => Effect.flatMap(writer(dir, name, 40), finished), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(ends, [
        { code: 0, stderr: "" },
        { code: 0, stderr: "" }
      ])
      const stored = yield* readAll(dir, "t")
      assert.deepStrictEqual(
        stored.map(({ offset }) => offset),
        Array.from({ length: 4000 }, (_, index) => index)
      )
      for (const name of ["a", "b"]) {
        assert.deepStrictEqual(
          stored.filter(({ key }) => key === name).map(({ headers }) => headers["event-id"]),
          Array.from({ length: 2000 }, (_, index) => `${name}:${index}`)
        )
      }
    })
  )
})
