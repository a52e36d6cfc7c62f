/**
 * Reads from the topics where each stream stood before this process: the positions that were written, as far as they are true,
 * what came after them, and where there is none the ends of the partitions, backwards in growing windows; and what the
 * continuity topic says. What this process has stored meanwhile is passed over.
 */
import { Clock, Duration, Effect, Equal, Option, Ref, Schedule, Schema } from "effect"
import { partitionOf } from "../../pipeline/murmur2.ts"
import { namesOf } from "../../pipeline/namesOf.ts"
import * as OpenGaps from "../../pipeline/OpenGaps.ts"
import { Continuity } from "../../schema/Continuity.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { Instance } from "../../services/Instance.ts"
import type { KafkaDriver, KafkaError, StoredRecord } from "../../services/KafkaDriver.ts"
import type { PositionsService, Stands } from "../../services/Positions.ts"
import type { Positions } from "./Positions.ts"
import * as Share from "./Share.ts"
import * as StoredPosition from "./StoredPosition.ts"
import * as Tail from "./Tail.ts"

/** Of looking back for streams without a position. */
const LIMIT = Duration.seconds(60)

/** A cluster that is just starting. */
const retrying = Schedule.spaced("500 millis")

const PARTITIONS_AT_ONCE = 8

export interface Options {
  readonly driver: KafkaDriver["Service"]
  readonly positions: Pick<Positions, "known">
}

const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

export const make = Effect.fnUntraced(function* ({ driver, positions }: Options) {
  const { topics } = yield* AppConfig
  const instance = yield* Instance

  /** The whole of a topic of one partition. */
  const readControl = Effect.fnUntraced(function* (topic: string, each: (record: StoredRecord) => void) {
    const tail = Tail.make(driver, topic, 0)
    const { earliest } = yield* driver.ends(topic, 0)
    yield* tail.each(earliest, yield* tail.end, each)
  })

  /** What was written of the streams, the last of each. */
  const writtenPositions = Effect.gen(function* () {
    const written = new Map<string, StoredPosition.StoredPosition>()
    yield* readControl(topics.positions, (record) => {
      const position = StoredPosition.decode(record)
      if (position !== undefined) written.set(record.key, position)
    })
    return written
  })

  const whatIsSaid = Effect.gen(function* () {
    const gaps = OpenGaps.make()
    yield* readControl(topics.continuity, ({ value }) => {
      const said = Option.getOrUndefined(decodeContinuity(utf8.decode(value)))
      if (said !== undefined && said.instance !== instance) gaps.add(said)
    })
    return gaps
  })

  /** One partition, and those of the streams that it holds. */
  const shares = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
    const topicOf = ({ kind }: StreamName) => topics.data.get(kind.name) ?? kind.topic.default
    const described = yield* driver.describe([...new Set(streams.map(topicOf))])
    const counts = new Map(described.topics.map(({ name, partitions }) => [name, partitions]))
    const found = new Map<string, Share.Share & { readonly streams: Array<StreamName> }>()
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

  const patiently = <A>(effect: Effect.Effect<A, KafkaError>) =>
    effect.pipe(
      Effect.tapError(({ message }) =>
        Effect.annotateLogs(Effect.logDebug("Where the streams stand could not be read yet"), { reason: message })
      ),
      Effect.retry({ schedule: retrying, while: ({ kind }) => kind !== "Denied" && kind !== "Refused" })
    )

  const load: PositionsService["load"] = Effect.fnUntraced(function* (streams) {
    const stands = new Map<string, Stands>()
    const unknown = yield* Ref.make(streams.filter(({ symbol }) => symbol !== undefined))
    const sequenced = yield* Ref.get(unknown)
    let gaps = OpenGaps.make()

    const readAll = Effect.gen(function* () {
      yield* patiently(driver.connect)
      const written = yield* patiently(writtenPositions)
      gaps = yield* patiently(whatIsSaid)
      const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(LIMIT)
      yield* Effect.forEach(
        yield* patiently(shares(sequenced)),
        Effect.fnUntraced(function* (share) {
          const found = yield* patiently(Share.read({ driver, instance, deadline }, share, written))
          for (const { position, stands: of, stream } of found) {
            yield* Ref.update(unknown, (left) => left.filter(({ name }) => name !== stream))
            if (position === undefined) {
              positions.known(stream, undefined, false)
              continue
            }
            const late = gaps.unsaidLate(stream, of.late)
            const { seen, ...before } = written.get(stream) ?? { seen: 0 }
            const { seen: end, ...now } = { ...position, late }
            const isWritten = Equal.equals(before, now)
            positions.known(stream, { ...now, seen: isWritten ? seen : end }, isWritten)
            stands.set(stream, of)
          }
        }),
        { concurrency: PARTITIONS_AT_ONCE, discard: true }
      )
    })

    const reason = yield* readAll.pipe(
      Effect.as(`looking back took longer than ${Duration.format(LIMIT)}`),
      Effect.catch(({ message }) => Effect.succeed(message)),
      Effect.withSpan("read positions")
    )
    const left = yield* Ref.get(unknown)
    if (left.length > 0) {
      yield* Effect.logWarning("Where streams stand could not be read from Kafka: these start live").pipe(
        Effect.annotateLogs({ streams: left.length, names: namesOf(left), reason })
      )
    }
    return { stands, said: gaps.said() }
  })

  return { load }
})
