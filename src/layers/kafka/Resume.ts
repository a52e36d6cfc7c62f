/**
 * Reads from the topics where each stream stands: the positions that were written, as far as they are true, what came after
 * them, and where there is none the ends of the partitions, backwards in growing windows. The gaps are those of the
 * continuity topic that nobody has closed.
 */
import { Clock, Duration, Effect, Equal, Option, Schedule, Schema } from "effect"
import { partitionOf } from "../../pipeline/murmur2.ts"
import { namesOf } from "../../pipeline/namesOf.ts"
import * as OpenGaps from "../../pipeline/OpenGaps.ts"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Standing from "../../pipeline/Standing.ts"
import { Continuity } from "../../schema/Continuity.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { KafkaDriver, KafkaError, StoredRecord } from "../../services/KafkaDriver.ts"
import type { PositionsService, Said, Stands } from "../../services/Positions.ts"
import type { Positions } from "./Positions.ts"
import * as StoredPosition from "./StoredPosition.ts"
import * as Tail from "./Tail.ts"

/** Of the whole reading once Kafka answers; a feed that waits longer misses more than it gains. */
const LIMIT = Duration.seconds(60)
/** The first window backwards; each further one is so many times larger. */
const FIRST_WINDOW = 1000
const GROWTH = 8
/** Where the newest record is younger, a send of the process before may still be stored. */
const FRESH_MS = 15_000
const LATE = Duration.seconds(1)

/** A cluster that is just starting. */
const retrying = Schedule.spaced("500 millis")

const PARTITIONS_AT_ONCE = 8

type Stored = StoredPosition.StoredPosition

export interface Options {
  readonly driver: KafkaDriver["Service"]
  readonly positions: Pick<Positions, "known" | "begin">
}

const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

/** One partition, and those of the streams that it holds. */
interface Share {
  readonly topic: string
  readonly partition: number
  readonly streams: ReadonlyArray<StreamName>
}

export const make = Effect.fnUntraced(function* ({ driver, positions }: Options) {
  const { topics } = yield* AppConfig

  /** The whole of a topic of one partition. */
  const readControl = Effect.fnUntraced(function* (topic: string, each: (record: StoredRecord) => void) {
    const tail = Tail.make(driver, topic, 0)
    const { earliest } = yield* driver.ends(topic, 0)
    yield* tail.each(earliest, yield* tail.end, each)
  })

  /** What was written of the streams, the last of each. */
  const writtenPositions = Effect.gen(function* () {
    const written = new Map<string, Stored>()
    yield* readControl(topics.positions, (record) => {
      const position = StoredPosition.decode(record)
      if (position !== undefined) written.set(record.key, position)
    })
    return written
  })

  const whatIsSaid = Effect.gen(function* () {
    const said: Array<Said> = []
    yield* readControl(topics.continuity, ({ value }) => {
      const { from, late, stream, to, type } = Option.getOrUndefined(decodeContinuity(utf8.decode(value))) ?? {}
      if (stream === undefined || type === undefined || from == null || to == null) return
      said.push({ type, stream, from, to, late: late === true })
    })
    return said
  })

  /** The record that it speaks of is where it says. */
  const isTrue = Effect.fnUntraced(function* ({ eventId, offset, partition, topic }: Stored) {
    const [record] = (yield* driver.fetch(topic, partition, offset, "least")).records
    return record?.offset === offset && record.headers["event-id"] === eventId
  })

  const shares = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
    const topicOf = ({ kind }: StreamName) => topics.data.get(kind.name) ?? kind.topic.default
    const described = yield* driver.describe([...new Set(streams.map(topicOf))])
    const counts = new Map(described.topics.map(({ name, partitions }) => [name, partitions]))
    const found = new Map<string, Share & { readonly streams: Array<StreamName> }>()
    for (const stream of streams) {
      const topic = topicOf(stream)
      const count = counts.get(topic)
      if (count === undefined || stream.symbol === undefined) continue
      const partition = partitionOf(stream.symbol, count)
      const share = found.get(`${topic}/${partition}`) ?? { topic, partition, streams: [] }
      share.streams.push(stream)
      found.set(`${topic}/${partition}`, share)
    }
    return Array.from(found.values())
  })

  /** Where the streams of one partition stand. */
  const readShare = Effect.fnUntraced(function* (share: Share, written: ReadonlyMap<string, Stored>) {
    const { partition, streams, topic } = share
    const tail = Tail.make(driver, topic, partition)
    const read = Sequenced.make(streams)
    const standings = new Map(streams.map(({ name }) => [name, Standing.make()]))
    const found = new Map<string, Stored>()
    let newest = Number.NEGATIVE_INFINITY

    const take = (record: StoredRecord, turn: "next" | "earlier"): void => {
      newest = Math.max(newest, record.timestamp)
      const facts = read(record)
      if (facts === undefined) return
      const { at, last, late, stream } = facts
      standings.get(stream)?.add(facts, turn)
      if (late || last < (found.get(stream)?.last ?? last)) return
      const eventId = record.headers["event-id"] ?? ""
      found.set(stream, { v: 1, topic, partition, offset: record.offset, eventId, last, at, late: [] })
    }
    const takeNext = (record: StoredRecord): void => take(record, "next")

    /** Since when the streams may stand in this partition that stood in another one, before the topic got more of them. */
    const moved = new Map<string, number>()
    const offsets: Array<number> = []
    for (const { name } of streams) {
      const position = written.get(name)
      if (position?.topic !== topic || !(yield* isTrue(position))) continue
      found.set(name, position)
      const { at, last, late } = position
      const standing = Standing.make(late)
      standing.add({ first: last, last, at, late: false })
      standings.set(name, standing)
      if (position.partition === partition) offsets.push(position.offset)
      else moved.set(name, position.at)
    }
    const { earliest } = yield* driver.ends(topic, partition)
    const end = yield* tail.end
    // All positions were written together: a stream whose own is older has nothing up to the newest one of the partition.
    let from = offsets.length === 0 ? end : Math.max(...offsets)
    yield* tail.each(from, end, takeNext)
    let reached = Infinity
    const isOpen = ({ name }: StreamName) => !found.has(name) || reached > (moved.get(name) ?? Infinity)
    for (let window = FIRST_WINDOW; streams.some(isOpen) && from > earliest; window *= GROWTH) {
      const start = Math.max(earliest, from - window)
      reached = Number.NEGATIVE_INFINITY
      yield* tail.each(start, from, (record) => {
        reached = Math.max(reached, record.timestamp)
        take(record, "earlier")
      })
      from = start
    }
    if (newest > (yield* Clock.currentTimeMillis) - FRESH_MS) {
      yield* Effect.sleep(LATE)
      yield* tail.each(end, yield* tail.end, takeNext)
    }
    return Array.from(found, ([stream, position]) => ({ stream, position, stands: standings.get(stream)?.read() }))
  })

  const load: PositionsService["load"] = Effect.fnUntraced(function* (streams) {
    const found = new Map<string, Stands>()
    let said: ReadonlyArray<Said> = []
    const sequenced = streams.filter(({ symbol }) => symbol !== undefined)

    const readAll = Effect.gen(function* () {
      const written = yield* writtenPositions
      said = yield* whatIsSaid
      const gaps = OpenGaps.of(said)
      yield* Effect.forEach(
        yield* shares(sequenced),
        Effect.fnUntraced(function* (share) {
          for (const { position, stands, stream } of yield* readShare(share, written)) {
            if (stands === undefined) continue
            const late = gaps.unsaidLate(stream, stands.late)
            const isWritten =
              written.get(stream)?.eventId === position.eventId && Equal.equals(written.get(stream)?.late, late)
            positions.known(stream, { ...position, late }, isWritten)
            found.set(stream, stands)
          }
        }),
        { concurrency: PARTITIONS_AT_ONCE, discard: true }
      )
    })

    const patiently = <A>(effect: Effect.Effect<A, KafkaError>) =>
      effect.pipe(
        Effect.tapError(({ message }) =>
          Effect.annotateLogs(Effect.logDebug("Where the streams stand could not be read yet"), { reason: message })
        ),
        Effect.retry({ schedule: retrying, while: ({ kind }) => kind !== "Denied" && kind !== "Refused" })
      )

    const reason = yield* patiently(driver.connect).pipe(
      Effect.andThen(
        Effect.timeoutOrElse(Effect.as(patiently(readAll), undefined), {
          duration: LIMIT,
          orElse: () => Effect.succeed(`it took longer than ${Duration.format(LIMIT)}`)
        })
      ),
      Effect.catch(({ message }) => Effect.succeed(message)),
      Effect.withSpan("read positions")
    )
    if (reason === undefined) positions.begin()
    else {
      const left = sequenced.filter(({ name }) => !found.has(name))
      yield* Effect.logWarning("Where streams stand could not be read from Kafka: these start live").pipe(
        Effect.annotateLogs({ streams: left.length, names: namesOf(left), reason })
      )
    }
    return { stands: found, said }
  })

  return { isKept: true, load } satisfies PositionsService
})
