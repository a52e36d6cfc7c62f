/**
 * From a record to its partition's writer. Records of a topic that is not known yet wait in order. A topic's partitions
 * are fixed at first sight, so that a key keeps its own; only when the topic was seen to be gone and came back with another
 * number are its waiting records assigned anew. From the moment that a topic is missed nothing is sent to it until it is known
 * again: a partition of the new one would take what belongs elsewhere.
 */
import { Clock, Duration, Effect, Metric } from "effect"
import { clipped } from "../../pipeline/clipped.ts"
import { refusedRecord, truncated } from "../../pipeline/DeadLetter.ts"
import { partitioner } from "../../pipeline/murmur2.ts"
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { KafkaError, TopicDescription } from "../../services/KafkaDriver.ts"
import { Status } from "../../services/Status.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as Confirmations from "./Confirmations.ts"
import * as Horizon from "./Horizon.ts"
import type { Entry } from "./Pending.ts"
import { restamped } from "./restamped.ts"
import * as PartitionWriter from "./PartitionWriter.ts"

/** The batch's own header, and what an estimate may miss. */
const BATCH_MARGIN = 512

/** The headers that say what was cut off. */
const TRUNCATION_HEADERS = 160

/** How long after its last one a stream of which Kafka refused records is in trouble. */
const REFUSED_LASTS = Duration.toMillis("2 minutes")

const streamOf = ({ headers, key }: SinkRecord): string | undefined => {
  const suffix = EventId.parse(headers["event-id"] ?? "", key)?.suffix
  // A stream of every symbol has none in its name.
  return suffix === undefined || suffix.startsWith("!") ? suffix : `${key.toLowerCase()}@${suffix}`
}

interface Route {
  /** By partition; undefined: the topic is not known (any more). */
  writers: ReadonlyArray<PartitionWriter.PartitionWriter> | undefined
  partitionOf: (key: string) => number
  /** The lanes read it at every batch: it follows the topic. */
  readonly limits: { readonly records: number; bytes: number }
  waiting: Array<Entry>
}

export interface Options extends Pick<
  PartitionWriter.Options,
  | "driver"
  | "delivery"
  | "fenced"
  | "findings"
  | "isShared"
  | "stored"
  | "pending"
  | "outage"
  | "trace"
  | "missing"
  | "fork"
> {
  /** Below this offset of the partition there is nothing of ours that was not told to be stored. */
  readonly seen: (topic: string, partition: number, end: number) => void
}

export const make = Effect.fnUntraced(function* (options: Options) {
  const { pending } = options
  const { batch, topics } = yield* AppConfig
  const status = yield* Status
  const batchRecords = yield* plain.histogram(Telemetry.batchRecords)
  const sendSeconds = yield* plain.histogram(Telemetry.sendSeconds)
  const routes = new Map<string, Route>()
  /** Of what the broker took, Unix ms. */
  let newest = 0

  const allWriters = () => Array.from(routes.values()).flatMap(({ writers = [] }) => writers)
  const confirmations = yield* Confirmations.make(options.driver, allWriters)

  const routeOf = (topic: string): Route => {
    const known = routes.get(topic)
    if (known !== undefined) return known
    const route = { writers: undefined, partitionOf: () => 0, limits: { records: batch.size, bytes: 0 }, waiting: [] }
    routes.set(topic, route)
    return route
  }

  /** A dead letter is cut to fit: it must not be refused in its turn. */
  const fit = (entry: Entry, maxBytes: number): Entry => {
    const excess = entry.bytes + TRUNCATION_HEADERS - maxBytes
    const { record } = entry
    return record.topic !== topics.deadLetter || entry.bytes <= maxBytes
      ? entry
      : pending.replace(entry, truncated(record, Math.max(0, record.value.byteLength - excess)))
  }

  const assign = (entries: ReadonlyArray<Entry>): void => {
    // Woken behind the last one: a writer begins at once, and sends what it finds.
    const offered = new Set<PartitionWriter.PartitionWriter>()
    for (const entry of entries) {
      const { key, topic } = entry.record
      const route = routeOf(topic)
      if (route.writers === undefined) {
        // Asked for by its first record; the second would change nothing.
        if (route.waiting.push(entry) === 1) options.missing(topic)
        continue
      }
      const writer = route.writers[route.partitionOf(key)]
      if (writer === undefined) continue
      writer.offer(fit(entry, route.limits.bytes))
      offered.add(writer)
    }
    for (const writer of offered) writer.wake()
  }

  const reportRefused = ({ headers, topic }: SinkRecord, reason: string) =>
    Effect.logWarning("Kafka refuses records: sent to the dead-letter topic").pipe(
      Effect.annotateLogs({
        topic,
        records: 1,
        eventId: clipped(headers["event-id"] ?? ""),
        reason: clipped(reason)
      })
    )

  const refused = Effect.fnUntraced(function* (entry: Entry, error: KafkaError) {
    const { record } = entry
    const again = restamped(record, error, newest)
    if (again !== undefined) return assign([pending.replace(entry, again)])
    if (record.topic === topics.deadLetter) {
      // An estimate too low, or a limit lowered since: less of the value may still go.
      const { byteLength } = record.value
      if (byteLength > 0) {
        return assign([pending.replace(entry, truncated(record, Math.floor(byteLength / 2)))])
      }
      yield* Effect.logError("Kafka refuses a dead letter: it is dropped").pipe(
        Effect.annotateLogs({ stream: record.key, eventId: record.headers["event-id"], reason: error.message })
      )
      yield* Metric.update(Telemetry.recordsDropped, 1)
      return pending.settle([entry])
    }
    yield* reportRefused(record, error.message)
    yield* Metric.update(Telemetry.deadLetters, 1)
    status.trouble({
      subject: streamOf(record) ?? record.topic,
      kind: "refused",
      text: `Kafka refuses its records, they become dead letters: ${clipped(error.message)}`,
      lasts: REFUSED_LASTS
    })
    const now = yield* Clock.currentTimeMillis
    const where = clipped(`${record.topic}/${record.key}`)
    status.deadLetters([{ at: now, stream: where, reason: clipped(error.message), field: null }])
    assign([pending.replace(entry, refusedRecord(topics.deadLetter, record, error.message, now))])
  })

  const missing = (topic: string): void => {
    for (const writer of routeOf(topic).writers ?? []) writer.hold()
    options.missing(topic)
  }

  const open = Effect.fnUntraced(function* (route: Route, topic: TopicDescription) {
    const writers = yield* Effect.forEach(Array.from({ length: topic.partitions }), (_, partition) =>
      PartitionWriter.make({
        ...options,
        topic: topic.name,
        partition,
        limits: route.limits,
        kept: confirmations.kept,
        missing,
        refused,
        measure: (records, seconds) => {
          batchRecords(records)
          sendSeconds(seconds)
        },
        stored: (name, partition, offset, records) => {
          newest = Math.max(newest, records.at(-1)?.timestamp ?? 0)
          options.stored(name, partition, offset, records)
        }
      })
    )
    route.writers = writers
    route.partitionOf = partitioner(writers.length)
    assign(route.waiting.splice(0))
  })

  /** Takes a topic as it is; `anew`: it was missing before. */
  const found = Effect.fnUntraced(function* (topic: TopicDescription, anew: boolean) {
    const route = routeOf(topic.name)
    route.limits.bytes = Math.max(1, topic.maxMessageBytes - BATCH_MARGIN)
    const { writers } = route
    if (writers === undefined) return yield* open(route, topic)
    const count = writers.length
    if (anew) {
      yield* Effect.logWarning("A topic was deleted and is made anew: what was in it is gone").pipe(
        Effect.annotateLogs({ topic: topic.name })
      )
    }
    if (topic.partitions >= count && !(anew && topic.partitions !== count)) {
      for (const writer of writers) writer.resume(anew)
      return
    }
    yield* Effect.logWarning("A topic came back with another number of partitions").pipe(
      Effect.annotateLogs({ topic: topic.name, partitions: topic.partitions, before: count })
    )
    route.writers = undefined
    const kept = yield* Effect.forEach(writers, (writer) => writer.retire, { concurrency: "unbounded" })
    route.waiting = [...kept.flat(), ...route.waiting]
    yield* open(route, topic)
  })

  yield* options.fork(confirmations.run)
  // Where nobody else writes, the partitions come no further than we do.
  if (options.isShared) yield* options.fork(Horizon.run(options.driver, allWriters, options.seen))

  /** Gives back what no send was tried for; what one was tried for stays, and is told. */
  const recall = () => {
    const recalled = Array.from(routes.values(), ({ waiting, writers = [] }) => {
      const lanes = writers.map((writer) => writer.recall())
      return {
        tried: lanes.flatMap(({ tried }) => tried),
        untried: [...lanes.flatMap(({ untried }) => untried), ...waiting.splice(0)]
      }
    })
    return {
      tried: recalled.flatMap(({ tried }) => tried),
      untried: recalled.flatMap(({ untried }) => untried)
    }
  }

  return { assign, found, confirmed: confirmations.confirmed, recall }
})
