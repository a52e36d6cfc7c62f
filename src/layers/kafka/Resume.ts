/**
 * Reads from the topics where each stream stood before this process: the positions that were written, as far as they are true,
 * what came after them, and where there is none the ends of the partitions, backwards in growing windows; and what the
 * continuity topic says. What this process has stored meanwhile is passed over.
 */
import { Clock, Duration, Effect, Equal, Option, Result, Schema } from "effect"
import { partitionOf } from "../../pipeline/murmur2.ts"
import { namesOf } from "../../pipeline/namesOf.ts"
import * as OpenGaps from "../../pipeline/OpenGaps.ts"
import { Continuity } from "../../schema/Continuity.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { Instance } from "../../services/Instance.ts"
import { type KafkaDriver, KafkaError, type StoredRecord } from "../../services/KafkaDriver.ts"
import type { PositionsService, Stands } from "../../services/Positions.ts"
import type { Positions } from "./Positions.ts"
import * as Share from "./Share.ts"
import * as StoredPosition from "./StoredPosition.ts"
import * as Tail from "./Tail.ts"

/** Of looking back for streams without a position, and of waiting for a part of Kafka while the rest answers. */
const LIMIT = Duration.seconds(60)

const RETRY = Duration.millis(500)

/** Where the newest statement is younger, one of the process before may still be stored. */
const FRESH_MS = 15_000
const LATE = Duration.seconds(1)

const PARTITIONS_AT_ONCE = 8

export interface Options {
  readonly driver: KafkaDriver["Service"]
  readonly positions: Pick<Positions, "known">
  /** Nothing of an earlier process can be stored any more: there is nothing to wait for. */
  readonly isSealed: boolean
}

const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

export const make = Effect.fnUntraced(function* ({ driver, isSealed, positions }: Options) {
  const { topics } = yield* AppConfig
  const instance = yield* Instance

  /** The whole of a topic of one partition. */
  const readControl = Effect.fnUntraced(function* (topic: string, each: (record: StoredRecord) => void) {
    const tail = Tail.make(driver, topic, 0)
    const { earliest } = yield* driver.ends(topic, 0)
    const end = yield* tail.end
    yield* tail.each(earliest, end, each)
    return end
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
    let newest = Number.NEGATIVE_INFINITY
    const take = ({ timestamp, value }: StoredRecord): void => {
      newest = Math.max(newest, timestamp)
      const said = Option.getOrUndefined(decodeContinuity(utf8.decode(value)))
      if (said !== undefined && said.instance !== instance) gaps.add(said)
    }
    const end = yield* readControl(topics.continuity, take)
    if (!isSealed && newest > (yield* Clock.currentTimeMillis) - FRESH_MS) {
      yield* Effect.sleep(LATE)
      const tail = Tail.make(driver, topics.continuity, 0)
      yield* tail.each(end, yield* tail.end, take)
    }
    return gaps
  })

  /** The partitions of a topic, and those of the streams that each holds; undefined: there is no such topic. */
  const sharesOf = Effect.fnUntraced(function* (topic: string, streams: ReadonlyArray<StreamName>, stood: boolean) {
    const { faults, topics: described } = yield* driver.describe([topic])
    // A broker that has just started may not know its leaders, or nothing of it, yet.
    for (const fault of faults.values()) return yield* fault
    const count = described[0]?.partitions
    if (count === undefined && stood) {
      return yield* new KafkaError({ kind: "MissingTopic", message: `${topic} is not there` })
    }
    if (count === undefined) return undefined
    const byPartition = Map.groupBy(streams, ({ symbol = "" }) => partitionOf(symbol, count))
    return Array.from(byPartition, ([partition, streams]): Share.Share => ({ topic, partition, streams }))
  })

  /** Tries until it succeeds; a person is needed where it is denied, or does not answer though the rest of Kafka does. */
  const patiently = Effect.fnUntraced(function* <A>(effect: Effect.Effect<A, KafkaError>) {
    let since: number | undefined
    for (;;) {
      const result = yield* Effect.result(effect)
      if (Result.isSuccess(result)) return result.success
      const { failure } = result
      if (failure.kind === "Denied" || failure.kind === "Refused") return yield* failure
      yield* Effect.logDebug("Where the streams stand could not be read yet").pipe(
        Effect.annotateLogs({ reason: failure.message })
      )
      const now = yield* Clock.currentTimeMillis
      since ??= now
      if (now - since >= Duration.toMillis(LIMIT)) {
        const answers = Result.isSuccess(yield* Effect.result(driver.describe([topics.positions])))
        if (answers) return yield* failure
        since = undefined
      }
      yield* Effect.sleep(RETRY)
    }
  })

  const load: PositionsService["load"] = Effect.fnUntraced(function* (streams) {
    const stands = new Map<string, Stands>()
    // What has no sequence stands nowhere: it would be looked for to the beginning of its topic.
    const unknown = new Map(
      streams.flatMap((stream) =>
        stream.symbol === undefined || stream.kind.sequence === undefined ? [] : [[stream.name, stream]]
      )
    )
    let reason = `looking back took longer than ${Duration.format(LIMIT)}`
    let gaps = OpenGaps.make()

    const readShare = Effect.fnUntraced(function* (
      share: Share.Share,
      written: ReadonlyMap<string, StoredPosition.StoredPosition>
    ) {
      const reading = Effect.suspend(() => Clock.currentTimeMillis).pipe(
        Effect.flatMap((now) =>
          Share.read({ driver, instance, isSealed, deadline: now + Duration.toMillis(LIMIT) }, share, written)
        )
      )
      for (const { position, stands: of, stream } of yield* patiently(reading)) {
        unknown.delete(stream)
        if (position === undefined) {
          positions.known(stream, undefined, false)
          continue
        }
        const late = gaps.unsaidLate(stream, of.late)
        const { seen, ...before } = written.get(stream) ?? { seen: Infinity }
        const { seen: end, ...now } = { ...position, late }
        const isWritten = Equal.equals(before, now) && seen <= end
        positions.known(stream, { ...now, seen: isWritten ? seen : end }, isWritten)
        stands.set(stream, of)
      }
    })

    /** What cannot be read concerns its own streams alone. */
    const alone = (effect: Effect.Effect<void, KafkaError>) =>
      Effect.catch(effect, ({ message }) => Effect.sync(() => void (reason = message)))

    const readTopic = Effect.fnUntraced(function* (
      topic: string,
      streams: ReadonlyArray<StreamName>,
      written: ReadonlyMap<string, StoredPosition.StoredPosition>
    ) {
      const stood = streams.some(({ name }) => written.get(name)?.topic === topic)
      const shares = yield* patiently(sharesOf(topic, streams, stood))
      for (const { name } of shares === undefined ? streams : []) {
        unknown.delete(name)
        positions.known(name, undefined, false)
      }
      yield* Effect.forEach(shares ?? [], (share) => alone(readShare(share, written)), {
        concurrency: PARTITIONS_AT_ONCE,
        discard: true
      })
    })

    const readAll = Effect.gen(function* () {
      yield* patiently(driver.connect)
      const written = yield* patiently(writtenPositions)
      gaps = yield* patiently(whatIsSaid)
      const byTopic = Map.groupBy(unknown.values(), ({ kind }) => topics.data.get(kind.name) ?? kind.topic.default)
      yield* Effect.forEach(byTopic, ([topic, streams]) => alone(readTopic(topic, streams, written)), {
        concurrency: "unbounded",
        discard: true
      })
    })

    yield* Effect.withSpan(alone(readAll), "read positions")
    if (unknown.size > 0) {
      const left = Array.from(unknown.values())
      yield* Effect.logWarning("Where streams stand could not be read from Kafka: these start live").pipe(
        Effect.annotateLogs({ streams: left.length, names: namesOf(left), reason })
      )
    }
    return { stands, said: gaps.said() }
  })

  return { load }
})
