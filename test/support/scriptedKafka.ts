/** A Kafka whose every answer a test decides: it stores what it is told to store, and drops an identical repeat (`idempotent`). */
import { Effect, Layer } from "effect"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { KafkaDriver, KafkaError, type NewTopic } from "../../src/services/KafkaDriver.ts"

export interface Topic {
  readonly partitions: number
  readonly replicationFactor: number
  readonly maxMessageBytes: number
  readonly logs: Array<Array<SinkRecord>>
}

export interface Produce {
  readonly topic: string
  readonly partition: number
  readonly records: ReadonlyArray<SinkRecord>
}

/** An error with `stored`: the records are in the log all the same. */
export type Verdict = "stored" | { readonly error: KafkaError; readonly stored?: boolean }

export interface Broker {
  readonly topics: Map<string, Topic>
  /** What is said of single topics in place of their description. */
  readonly faults: Map<string, KafkaError>
  /** Topics that are there, but not in what is described. */
  readonly unknown: Set<string>
  readonly created: Array<NewTopic>
  readonly calls: Array<Produce>
  /** From where partitions were read on. */
  readonly fetches: Array<{ readonly topic: string; readonly partition: number; readonly from: number }>
  /** As many records as one answer to a fetch holds. */
  page: number
  /** Before anything is read; what it changes in the logs is seen. */
  read: Effect.Effect<void, KafkaError>
  /** So many records at the end are not with the replicas yet, and not seen. */
  lag: number
  /** Drops the repeat of the batch that it stored last, as with `KAFKA_ACKS=all`. */
  idempotent: boolean
  /** Partitions that have a produce in flight; a second one is a fault of the caller. */
  readonly inFlight: Set<string>
  connect: Effect.Effect<void, KafkaError>
  describe: Effect.Effect<void, KafkaError>
  create: (topic: NewTopic) => Effect.Effect<void, KafkaError>
  produce: (call: Produce) => Effect.Effect<Verdict>
  readonly add: (name: string, topic?: Partial<Omit<Topic, "logs">>) => void
  readonly stored: (topic: string) => ReadonlyArray<SinkRecord>
}

export const makeBroker = (): Broker => {
  const topics = new Map<string, Topic>()
  return {
    topics,
    faults: new Map(),
    unknown: new Set(),
    created: [],
    calls: [],
    fetches: [],
    page: 1000,
    lag: 0,
    idempotent: true,
    read: Effect.void,
    inFlight: new Set(),
    connect: Effect.void,
    describe: Effect.void,
    create: () => Effect.void,
    produce: () => Effect.succeed("stored"),
    add: (name, { maxMessageBytes = 1_000_000, partitions = 6, replicationFactor = 1 } = {}) =>
      void topics.set(name, {
        partitions,
        replicationFactor,
        maxMessageBytes,
        logs: Array.from({ length: partitions }, () => [])
      }),
    stored: (topic) => topics.get(topic)?.logs.flat() ?? []
  }
}

export const layer = (broker: Broker): Layer.Layer<KafkaDriver> => {
  /** The last batch that each partition stored, for dropping its repeat. */
  const last = new WeakMap<Array<SinkRecord>, { readonly batch: string; readonly offset: number }>()

  /** Gives the offset of the first. */
  const store = (log: Array<SinkRecord>, records: ReadonlyArray<SinkRecord>): number => {
    const batch = records.map(({ headers }) => headers["event-id"]).join()
    const before = last.get(log)
    if (broker.idempotent && before?.batch === batch) return before.offset
    const offset = log.length
    last.set(log, { batch, offset })
    log.push(...records)
    return offset
  }

  const logOf = Effect.fnUntraced(function* (topic: string, partition: number) {
    yield* broker.read
    const log = broker.topics.get(topic)?.logs[partition]
    return log ?? (yield* new KafkaError({ kind: "MissingTopic", message: `no ${topic}/${partition}` }))
  })

  return Layer.succeed(KafkaDriver, {
    connect: Effect.suspend(() => broker.connect),
    describe: (names) =>
      Effect.suspend(() => broker.describe).pipe(
        Effect.map(() => ({
          topics: names.flatMap((name) => {
            const topic = broker.topics.get(name)
            const silent = broker.faults.has(name) || broker.unknown.has(name)
            return topic === undefined || silent ? [] : [{ name, ...topic }]
          }),
          faults: new Map(Array.from(broker.faults).filter(([name]) => names.includes(name)))
        }))
      ),
    create: (topic) =>
      Effect.suspend(() => {
        const creation = broker.topics.has(topic.name) ? "existed" : "created"
        return broker.create(topic).pipe(
          Effect.map(() => {
            broker.created.push(topic)
            if (!broker.topics.has(topic.name)) broker.add(topic.name, { partitions: topic.partitions })
            return creation
          })
        )
      }),
    produce: Effect.fnUntraced(function* (topic, partition, records) {
      const call = { topic, partition, records }
      const place = `${topic}/${partition}`
      if (broker.inFlight.has(place)) return yield* Effect.die(`two sends in flight to ${place}`)
      broker.inFlight.add(place)
      broker.calls.push(call)
      const verdict = yield* broker
        .produce(call)
        .pipe(Effect.ensuring(Effect.sync(() => broker.inFlight.delete(place))))
      const log = broker.topics.get(topic)?.logs[partition]
      const isStored = verdict === "stored" || verdict.stored === true
      const offset = log !== undefined && isStored ? store(log, records) : 0
      return verdict === "stored" ? offset : yield* verdict.error
    }),
    ends: (topic, partition) =>
      Effect.map(logOf(topic, partition), ({ length }) => ({
        earliest: 0,
        next: Math.max(0, length - broker.lag),
        written: length
      })),
    highWatermarks: (partitions) =>
      Effect.forEach(partitions, ({ partition, topic }) =>
        Effect.result(Effect.map(logOf(topic, partition), ({ length }) => Math.max(0, length - broker.lag)))
      ),
    fetch: Effect.fnUntraced(function* (topic, partition, from) {
      const log = yield* logOf(topic, partition)
      broker.fetches.push({ topic, partition, from })
      const highWatermark = Math.max(0, log.length - broker.lag)
      const found = log.slice(from, Math.min(from + broker.page, highWatermark))
      return {
        records: found.map((record, index) => ({ ...record, partition, offset: from + index })),
        next: Math.min(from, highWatermark) + found.length,
        highWatermark
      }
    })
  })
}
