/**
 * Reads what `LocalLog` has stored, also while it is being written: a page at a time, so that a log of any size needs little
 * memory and the writer is never held up.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect, Option, Schema, type Scope, Stream } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import * as Sqlite from "./sqlite.ts"

export interface StoredRecord extends SinkRecord {
  readonly offset: number
}

export interface TopicSummary {
  readonly topic: string
  /** The offset that the next record will have. */
  readonly next: number
}

export interface ReadOptions {
  /** Only records of this key. */
  readonly key?: string
  /** The lowest offset to read; 0 if unset. */
  readonly from?: number
  /** The offset to stop before. */
  readonly to?: number
  /** How many records at most. */
  readonly limit?: number
}

export interface LocalLogReader {
  readonly topics: Effect.Effect<ReadonlyArray<TopicSummary>, LocalLogReadError>
  /** In offset order, up to the end of the log as it is then. */
  readonly read: (topic: string, options?: ReadOptions) => Stream.Stream<StoredRecord, LocalLogReadError>
}

export class LocalLogReadError extends Schema.TaggedError<LocalLogReadError>()("LocalLogReadError", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

const PAGE_RECORDS = 1000
/** A page ends early behind the record that reaches this, so that large records do not add up. */
const PAGE_BYTES = 1024 * 1024
const LOCK_WAIT_MS = 5000

const Topic = Schema.Struct({ topic: Schema.String, next: Schema.Int })

/** Without a transformation, so that it can be compiled; the headers are parsed behind it. */
const Row = Schema.Struct({
  offset: Schema.Int,
  key: Schema.String,
  timestamp: Schema.Int,
  headers: Schema.String,
  value: Schema.Uint8Array
})
const Headers = Schema.Record(Schema.String, Schema.String)

const decodeTopics = Schema.decodeUnknownSync(Schema.Array(Topic))
const decodeRow = Schema.decodeUnknownSync(Row)
const decodeHeaders = Schema.decodeUnknownSync(Headers)

/** Goes from topic to topic through the primary key, instead of over every record. */
const TOPICS = `
  WITH RECURSIVE names (topic) AS (
    SELECT min(topic) FROM records
    UNION ALL
    SELECT (SELECT min(topic) FROM records WHERE topic > names.topic) FROM names WHERE names.topic IS NOT NULL
  )
  SELECT topic, (SELECT max(offset) + 1 FROM records WHERE records.topic = names.topic) AS next
  FROM names WHERE topic IS NOT NULL`

/** The value's bytes, whether it is stored as text or as a blob. */
const RECORDS = `
  SELECT offset, key, timestamp, headers, CAST(value AS BLOB) AS value
  FROM records
  WHERE topic = $topic AND offset >= $from AND offset < $to AND ($key IS NULL OR key = $key)
  ORDER BY offset
  LIMIT $limit`

const pages = (database: DatabaseSync) => {
  const statement = database.prepare(RECORDS)
  return (
    topic: string,
    key: string | undefined,
    from: number,
    to: number,
    limit: number
  ): ReadonlyArray<StoredRecord> => {
    const page: Array<StoredRecord> = []
    let bytes = 0
    for (const row of statement.iterate({ topic, key: key ?? null, from, to, limit: Math.min(limit, PAGE_RECORDS) })) {
      const { headers, key, offset, timestamp, value } = decodeRow(row)
      page.push({ topic, offset, key, timestamp, headers: decodeHeaders(JSON.parse(headers)), value })
      bytes += value.byteLength
      if (bytes >= PAGE_BYTES) break
    }
    return page
  }
}

/** Opens the log in `dataDir` for as long as the scope. */
export const open = (dataDir: string): Effect.Effect<LocalLogReader, LocalLogReadError, Scope.Scope> =>
  Effect.gen(function* () {
    const file = Sqlite.logFile(dataDir)
    const attempt = <A>(body: () => A): Effect.Effect<A, LocalLogReadError> =>
      Effect.try({
        try: body,
        catch: (cause) => new LocalLogReadError({ message: `cannot read ${file}: ${Sqlite.reasonOf(cause)}`, cause })
      })

    const database = yield* Effect.acquireRelease(
      attempt(() => Sqlite.open(file, { readOnly: true, timeout: LOCK_WAIT_MS })),
      (database) => Effect.sync(() => database.close())
    )
    const readPage = yield* attempt(() => pages(database))

    return {
      topics: attempt(() => decodeTopics(database.prepare(TOPICS).all())),
      read: (topic, { from = 0, key, limit = Number.MAX_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = {}) =>
        Stream.paginate({ from, left: limit }, ({ from, left }) =>
          Effect.map(
            attempt(() => readPage(topic, key, from, to, left)),
            (page) => {
              const last = page.at(-1)
              const rest = left - page.length
              const more = last === undefined || rest <= 0
              return [page, more ? Option.none() : Option.some({ from: last.offset + 1, left: rest })] as const
            }
          )
        )
    }
  })
