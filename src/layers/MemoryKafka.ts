/**
 * A Kafka in memory, for tests of what stands on the driver. `MemoryBroker` is its other side: what the partitions hold,
 * and what the next sends shall meet.
 */
import { Context, Effect, Layer } from "effect"
import { estimatedBytes } from "../pipeline/recordSize.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { FencedKafka } from "../services/FencedKafka.ts"
import {
  type Creation,
  KafkaDriver,
  KafkaError,
  type NewTopic,
  type TopicDescription
} from "../services/KafkaDriver.ts"

/** As many records as one answer holds. */
const PAGE = 1000

type Records = ReadonlyArray<SinkRecord>

/** How a send ends: stored and acknowledged, or with an error; with `Doubt` the records may be there all the same. */
export type Outcome = "stored" | { readonly error: KafkaError; readonly stored?: boolean }

export class MemoryBroker extends Context.Service<
  MemoryBroker,
  {
    /** What the topic holds, by partition and in order; empty where there is no such topic. */
    readonly log: (topic: string) => Effect.Effect<ReadonlyArray<Records>>
    /** How the next sends end, in order; what comes after them is stored. */
    readonly script: (outcomes: ReadonlyArray<Outcome>) => Effect.Effect<void>
    /** A failover loses all from this offset on. */
    readonly truncate: (topic: string, partition: number, to: number) => Effect.Effect<void>
    /** With an outage everything that the driver does fails with this, until it is over (`undefined`). */
    readonly outage: (error: KafkaError | undefined) => Effect.Effect<void>
    readonly deleteTopic: (topic: string) => Effect.Effect<void>
  }
>()("binance-kafka/layers/MemoryKafka/MemoryBroker") {}

export interface Options {
  /** Drops the repeat of a batch that is stored already, as with `KAFKA_ACKS=all`. */
  readonly idempotent: boolean
  /** Topics that are there from the start. */
  readonly topics: ReadonlyArray<NewTopic>
  readonly maxMessageBytes: number
}

interface Partition {
  readonly records: Array<SinkRecord>
  /** The last batch, and where it begins. */
  last: { readonly batch: Records; readonly offset: number } | undefined
}

interface Topic {
  readonly description: TopicDescription
  readonly partitions: ReadonlyArray<Partition>
}

const same = (a: Records, b: Records): boolean =>
  a.length === b.length && a.every((record, index) => record === b[index])

const missing = (what: string) => new KafkaError({ kind: "MissingTopic", message: `there is no ${what}` })

const make = ({ idempotent, maxMessageBytes, topics: initial }: Options) => {
  const topics = new Map<string, Topic>()
  let script: ReadonlyArray<Outcome> = []
  let outage: KafkaError | undefined

  const add = ({ name, partitions, replicationFactor = 1 }: NewTopic): Creation => {
    if (topics.has(name)) return "existed"
    topics.set(name, {
      description: { name, partitions, replicationFactor, maxMessageBytes },
      partitions: Array.from({ length: partitions }, () => ({ records: [], last: undefined }))
    })
    return "created"
  }
  for (const topic of initial) add(topic)

  const store = (partition: Partition, batch: Records): number => {
    if (idempotent && partition.last !== undefined && same(partition.last.batch, batch)) return partition.last.offset
    const offset = partition.records.length
    for (const record of batch) partition.records.push(record)
    partition.last = { batch: [...batch], offset }
    return offset
  }

  /** While there is no outage. */
  const reachable = <A>(run: () => Effect.Effect<A, KafkaError>): Effect.Effect<A, KafkaError> =>
    Effect.suspend(() => (outage === undefined ? run() : Effect.fail(outage)))

  const produce = (topic: string, index: number, batch: Records) =>
    reachable(() => {
      const partition = topics.get(topic)?.partitions[index]
      if (partition === undefined) return Effect.fail(missing(`${topic}/${index}`))
      const bytes = batch.reduce((sum, record) => sum + estimatedBytes(record), 0)
      if (bytes > maxMessageBytes) {
        return Effect.fail(new KafkaError({ kind: "Refused", message: `${bytes} bytes are too many` }))
      }
      const [outcome = "stored", ...rest] = script
      script = rest
      if (outcome === "stored") return Effect.succeed(store(partition, batch))
      if (outcome.stored === true) store(partition, batch)
      return Effect.fail(outcome.error)
    })

  const log = <A>(topic: string, index: number, read: (records: Records) => A) =>
    reachable(() => {
      const partition = topics.get(topic)?.partitions[index]
      return partition === undefined
        ? Effect.fail(missing(`${topic}/${index}`))
        : Effect.sync(() => read(partition.records))
    })

  const driver = KafkaDriver.of({
    connect: reachable(() => Effect.void),
    describe: (names) =>
      reachable(() =>
        Effect.succeed({ topics: names.flatMap((name) => topics.get(name)?.description ?? []), faults: new Map() })
      ),
    create: (topic) => reachable(() => Effect.sync(() => add(topic))),
    produce,
    ends: (topic, partition) => log(topic, partition, ({ length }) => ({ earliest: 0, next: length, written: length })),
    highWatermarks: (partitions) =>
      Effect.forEach(partitions, ({ partition, topic }) =>
        Effect.result(log(topic, partition, ({ length }) => length))
      ),
    fetch: (topic, partition, from) =>
      log(topic, partition, (records) => {
        const found = records.slice(from, from + PAGE)
        return {
          records: found.map((record, index) => ({ ...record, partition, offset: from + index })),
          next: Math.min(from, records.length) + found.length,
          highWatermark: records.length
        }
      })
  })

  /** By id, how often it was opened. */
  const epochs = new Map<string, number>()
  const fenced = FencedKafka.of({
    open: (id) =>
      reachable(() =>
        Effect.sync(() => {
          const epoch = (epochs.get(id) ?? 0) + 1
          epochs.set(id, epoch)
          const over = new KafkaError({ kind: "Fenced", message: `${id} is written by another process by now` })
          return KafkaDriver.of({
            ...driver,
            produce: (topic, partition, batch) =>
              Effect.suspend(() =>
                epochs.get(id) === epoch ? driver.produce(topic, partition, batch) : Effect.fail(over)
              )
          })
        })
      )
  })

  const broker = MemoryBroker.of({
    log: (topic) => Effect.sync(() => (topics.get(topic)?.partitions ?? []).map(({ records }) => [...records])),
    script: (outcomes) => Effect.sync(() => void (script = outcomes)),
    outage: (error) => Effect.sync(() => void (outage = error)),
    truncate: (topic, index, to) =>
      Effect.sync(() => {
        const partition = topics.get(topic)?.partitions[index]
        partition?.records.splice(to)
      }),
    deleteTopic: (topic) => Effect.sync(() => void topics.delete(topic))
  })

  return Context.make(KafkaDriver, driver).pipe(Context.add(FencedKafka, fenced), Context.add(MemoryBroker, broker))
}

const defaults: Options = { idempotent: true, topics: [], maxMessageBytes: 1_048_588 }

export const layerWith = (options: Partial<Options>): Layer.Layer<KafkaDriver | FencedKafka | MemoryBroker> =>
  Layer.effectContext(Effect.sync(() => make({ ...defaults, ...options })))

/** Without topics; a repeated batch is dropped. */
export const layer: Layer.Layer<KafkaDriver | FencedKafka | MemoryBroker> = layerWith({})
