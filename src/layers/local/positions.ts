/** Where each stream stands in the local log: read back from its newest records, a stream at a time. */
import type { DatabaseSync } from "node:sqlite"
import { Option, Schema } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Standing from "../../pipeline/Standing.ts"
import * as EventId from "../../schema/EventId.ts"
import { Continuity } from "../../schema/Continuity.ts"
import type { TopicSettings } from "../../schema/Settings.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Said, Standings, Stands } from "../../services/Positions.ts"

/** Of a stream: what was written late stands among the newest. */
const MOST_RECORDS = 1000

/** Of closed candles and whatever else needs no digest to tell it, the ids end with a number; open candles are many more. */
const NEWEST = `
  SELECT key, timestamp, headers, CAST(value AS BLOB) AS value FROM records
  WHERE topic = $topic AND key = $key
    AND headers ->> '$."event-id"' GLOB $prefix || '*' AND ($digests OR headers ->> '$."event-id"' NOT GLOB $prefix || '*:*')
  ORDER BY offset DESC LIMIT ${MOST_RECORDS}`
const CONTINUITY = "SELECT CAST(value AS TEXT) AS value FROM records WHERE topic = ? ORDER BY offset"

const Row = Schema.Struct({
  key: Schema.String,
  timestamp: Schema.Int,
  headers: Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)),
  value: Schema.Uint8Array
})
const decodeRow = Schema.decodeUnknownSync(Row)
const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))

export const read = (database: DatabaseSync, topics: TopicSettings, streams: ReadonlyArray<StreamName>): Standings => {
  const said: Array<Said> = []
  for (const { value } of database.prepare(CONTINUITY).iterate(topics.continuity)) {
    said.push(...Option.toArray(decodeContinuity(value)))
  }

  const newest = database.prepare(NEWEST)
  const standsOf = (stream: StreamName): Stands => {
    const readRecord = Sequenced.make([stream])
    const topic = topics.data.get(stream.kind.name) ?? stream.kind.topic.default
    const standing = Standing.make()
    const key = stream.symbol ?? ""
    const prefix = EventId.prefixOf(stream.suffix, key)
    const digests = stream.kind.sequence === "updates" ? 1 : 0
    for (const row of newest.all({ topic, key, prefix, digests }).toReversed()) {
      const facts = readRecord({ topic, ...decodeRow(row) })
      if (facts !== undefined) standing.add(facts)
    }
    return standing.read()
  }

  const sequenced = streams.filter(({ kind }) => kind.sequence !== undefined)
  return { stands: new Map(sequenced.map((stream) => [stream.name, standsOf(stream)])), said }
}
