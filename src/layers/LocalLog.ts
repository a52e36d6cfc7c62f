/**
 * A log on the local disk, for a single machine: topics with offsets from 0 without holes, in one SQLite file that anyone
 * can query while it is written (`SELECT value FROM records WHERE topic = 'raw_trades' ORDER BY offset LIMIT 3`; the JSON
 * functions work on `value`). A batch is one transaction: it is there as a whole or not at all.
 *
 * `synchronous=NORMAL`: what is committed outlives the process, however that ends. A power cut may take the last moments
 * back, never the order; FULL would buy those with an fsync a batch, during which no socket is read.
 */
import { isUtf8 } from "node:buffer"
import { accessSync, constants } from "node:fs"
import { resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { Clock, Context, Data, Effect, Layer, Metric, Schedule, Semaphore } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { Health } from "../services/Health.ts"
import { Positions } from "../services/Positions.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as Acknowledged from "./Acknowledged.ts"
import { makeFolder } from "./folder.ts"
import * as LocalPositions from "./local/positions.ts"
import * as Sqlite from "./sqlite.ts"

/** How long SQLite itself waits for another writer. It blocks the whole process, so the patience is in the retries. */
const LOCK_WAIT_MS = 100

const retries = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

const TABLE = `
  CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL,
    offset INTEGER NOT NULL,
    key TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    headers TEXT NOT NULL,
    value ANY NOT NULL,
    PRIMARY KEY (topic, offset)
  ) STRICT`

const INSERT = "INSERT INTO records (topic, offset, key, timestamp, headers, value) VALUES (?, ?, ?, ?, ?, "

class WriteFailure extends Data.TaggedError("WriteFailure")<{ readonly cause: unknown }> {
  override get message() {
    return Sqlite.reasonOf(this.cause)
  }
}

const attempt = <A>(body: () => A): Effect.Effect<A, WriteFailure> =>
  Effect.try({ try: body, catch: (cause) => new WriteFailure({ cause }) })

const mayPass = (failure: WriteFailure) => Sqlite.mayPass(failure.cause)

/** Opens the file, made if it is missing. */
const openForWriting = (dataDir: string): DatabaseSync => {
  makeFolder(resolve(dataDir))
  accessSync(dataDir, constants.W_OK)
  const database = Sqlite.open(Sqlite.logFile(dataDir), { timeout: LOCK_WAIT_MS })
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${TABLE}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** A function that stores a batch in one transaction, or throws and leaves nothing of it. */
const appender = (database: DatabaseSync) => {
  const next = database.prepare("SELECT coalesce(max(offset) + 1, 0) AS next FROM records WHERE topic = ?")
  // A cast keeps the bytes: text where they are UTF-8, so that SQL can read them, a blob where they are not.
  const insertText = database.prepare(`${INSERT} CAST(? AS TEXT))`)
  const insertBytes = database.prepare(`${INSERT} ?)`)

  const appendAll = (batch: ReadonlyArray<SinkRecord>) => {
    const offsets = new Map<string, number>()
    for (const { headers, key, timestamp, topic, value } of batch) {
      const offset = offsets.get(topic) ?? Number(next.get(topic)?.["next"])
      const insert = isUtf8(value) ? insertText : insertBytes
      insert.run(topic, offset, key, timestamp, JSON.stringify(headers), value)
      offsets.set(topic, offset + 1)
    }
  }

  return (batch: ReadonlyArray<SinkRecord>) => {
    // The lock is taken before the offsets are read: another process cannot come between.
    database.exec("BEGIN IMMEDIATE")
    try {
      appendAll(batch)
      database.exec("COMMIT")
    } catch (error) {
      // After some errors SQLite has rolled back by itself.
      if (database.isTransaction) database.exec("ROLLBACK")
      throw error
    }
  }
}

export const layer: Layer.Layer<EventSink, SinkError, AppConfig | Health> = Layer.effectContext(
  Effect.gen(function* () {
    const { dataDir, topics } = yield* AppConfig
    const health = yield* Health
    const file = Sqlite.logFile(dataDir)
    const sinkError = (failure: WriteFailure) =>
      new SinkError({ message: `DATA_DIR: cannot write ${file}: ${failure.message}`, cause: failure.cause })
    const startError = (failure: WriteFailure) =>
      new SinkError({
        message: `DATA_DIR: cannot write ${file}: ${failure.message}; expected a folder that can be written, for example ./data`,
        cause: failure.cause
      })

    const database = yield* Effect.acquireRelease(
      attempt(() => openForWriting(dataDir)).pipe(
        // Another process may be opening it at the same moment.
        Effect.retry({ while: mayPass, times: 5, schedule: retries }),
        Effect.mapError(startError)
      ),
      (database) => Effect.sync(() => database.close())
    )
    const append = yield* attempt(() => appender(database)).pipe(Effect.mapError(startError))

    const up = health.sink({ state: "up", detail: `storing in ${file}` })
    yield* up

    const turn = yield* Semaphore.make(1)
    const acknowledged = yield* Acknowledged.make
    let failing = false

    const tookFailure = (failure: WriteFailure) =>
      Effect.gen(function* () {
        if (failing) return
        failing = true
        yield* health.sink({ state: "down", detail: `cannot write ${file}: ${failure.message}` })
        yield* Effect.logWarning("Cannot write the local log: trying again until it can be written").pipe(
          Effect.annotateLogs({ file, reason: failure.message })
        )
      })

    const recovered = Effect.gen(function* () {
      failing = false
      yield* up
      yield* Effect.logInfo("The local log is written again").pipe(Effect.annotateLogs({ file }))
    })

    const store = Effect.fnUntraced(function* (batch: ReadonlyArray<SinkRecord>) {
      const started = yield* Clock.currentTimeNanos
      const takenAt = acknowledged.now()
      yield* attempt(() => append(batch)).pipe(
        Effect.tapError(tookFailure),
        Effect.retry({ while: mayPass, schedule: retries })
      )
      if (failing) yield* recovered
      const now = acknowledged.now()
      for (const record of batch) acknowledged.count(record, takenAt, now)
      yield* Metric.update(Telemetry.recordsStored, batch.length)
      yield* Metric.update(Telemetry.batchRecords, batch.length)
      yield* Metric.update(Telemetry.sendSeconds, Number((yield* Clock.currentTimeNanos) - started) / 1e9)
    }, Effect.mapError(sinkError))

    const sink = EventSink.of({
      // What is taken is stored: there is nothing to flush and nothing pending.
      publish: (batch) => Semaphore.withPermit(turn, store(batch)),
      flush: Effect.void,
      pending: Effect.succeed(0),
      surrender: Effect.succeed(0)
    })
    const positions = {
      isKept: true,
      load: (streams: ReadonlyArray<StreamName>) =>
        attempt(() => LocalPositions.read(database, topics, streams)).pipe(
          Effect.retry({ while: mayPass, schedule: retries }),
          Effect.mapError(sinkError)
        ),
      begin: Effect.void
    }
    return Context.make(EventSink, sink).pipe(Context.add(Positions, positions))
  })
)
