/** Where each stream stands in the local log: read back from its newest records, a stream at a time. */
import type { DatabaseSync } from "node:sqlite"
import { Option, Schema } from "effect"
import * as OpenGaps from "../../pipeline/OpenGaps.ts"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Standing from "../../pipeline/Standing.ts"
import * as EventId from "../../schema/EventId.ts"
import { Continuity } from "../../schema/Continuity.ts"
import type { TopicSettings } from "../../schema/Settings.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Standings, Stands } from "../../services/Positions.ts"

/**
 * What was written late and is not said to be stands among the newest of a topic: it is said once it is stored, and a process
 * has no more than this on its way.
 */
const NEWEST_OF_TOPIC = 20_000

/** How the envelope of a late record ends. */
const LATE = ',"late":true}'

/** Of closed candles and whatever else needs no digest to tell it, the ids end with a number; open candles are many more. */
const NEWEST = `
  SELECT key, timestamp, headers, CAST(value AS BLOB) AS value FROM records
  WHERE topic = $topic AND key = $key
    AND headers ->> '$."event-id"' GLOB $prefix || '*' AND ($digests OR headers ->> '$."event-id"' NOT GLOB $prefix || '*:*')
  ORDER BY offset DESC`
const NEWEST_LATE = `
  SELECT key, timestamp, headers, CAST(value AS BLOB) AS value FROM records
  WHERE topic = $topic AND offset > (SELECT max(offset) FROM records WHERE topic = $topic) - ${NEWEST_OF_TOPIC}
    AND substr(CAST(value AS TEXT), -${LATE.length}) = '${LATE}'
  ORDER BY offset`
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
  const gaps = OpenGaps.make()
  for (const { value } of database.prepare(CONTINUITY).iterate(topics.continuity)) {
    Option.map(decodeContinuity(value), gaps.add)
  }

  const sequenced = streams.filter(({ kind }) => kind.sequence !== undefined)
  const topicOf = ({ kind }: StreamName) => topics.data.get(kind.name) ?? kind.topic.default

  const lates = new Map<string, Array<Sequenced.Sequenced>>()
  const newestLate = database.prepare(NEWEST_LATE)
  const readRecord = Sequenced.make(sequenced)
  for (const topic of new Set(sequenced.map(topicOf))) {
    for (const row of newestLate.iterate({ topic })) {
      const facts = readRecord({ topic, ...decodeRow(row) })
      if (facts === undefined) continue
      const ofStream = lates.get(facts.stream) ?? []
      lates.set(facts.stream, ofStream)
      ofStream.push(facts)
    }
  }

  const newest = database.prepare(NEWEST)
  const standsOf = (stream: StreamName): Stands => {
    const readRecord = Sequenced.make([stream])
    const topic = topicOf(stream)
    const standing = Standing.make(lates.get(stream.name))
    const key = stream.symbol ?? ""
    const prefix = EventId.prefixOf(stream, key)
    const digests = stream.kind.sequence === "updates" ? 1 : 0
    for (const row of newest.iterate({ topic, key, prefix, digests })) {
      const facts = readRecord({ topic, ...decodeRow(row) })
      if (facts === undefined || facts.late) continue
      standing.add(facts)
      break
    }
    return standing.read()
  }

  return { stands: new Map(sequenced.map((stream) => [stream.name, standsOf(stream)])), said: gaps.said() }
}
