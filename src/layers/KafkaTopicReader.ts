/** Reads the topics of Kafka through the driver, partitions side by side and without a consumer group. */
import { Effect, Layer, Option, Schedule, Stream } from "effect"
import { KafkaDriver, KafkaError } from "../services/KafkaDriver.ts"
import { type OffsetRange, type Start, TopicReader, TopicReadError } from "../services/TopicReader.ts"
import { follow } from "./following.ts"

/** Enough to keep the brokers busy, while the answers in memory stay some tens of MiB. */
const PARTITIONS_AT_ONCE = 4

/** Some 15 s: so long is a broker that restarts or a leader that moves waited for; a wrong address is told soon. */
const retries = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("2 seconds")]).pipe(
  Schedule.upTo({ times: 9 })
)

const mayPass = ({ kind }: KafkaError): boolean => kind !== "Denied" && kind !== "Refused" && kind !== "MissingTopic"

const messageOf = (what: string, { message }: KafkaError): string =>
  `KAFKA_BOOTSTRAP_SERVERS: cannot read ${what}: ${message}`

const readError = (what: string) => (cause: KafkaError) =>
  new TopicReadError({ message: messageOf(what, cause), cause })

/** Whoever waits is told for what, once. */
const patiently = <A>(effect: Effect.Effect<A, KafkaError>, what: string): Effect.Effect<A, TopicReadError> =>
  Effect.suspend(() => {
    let isTold = false
    const tell = (error: KafkaError) => {
      if (isTold || !mayPass(error)) return Effect.void
      isTold = true
      return Effect.logWarning("Kafka does not answer: it is asked again for some 15 s").pipe(
        Effect.annotateLogs({ reading: what, reason: error.message })
      )
    }
    return effect.pipe(
      Effect.tapError(tell),
      Effect.retry({ while: mayPass, schedule: retries }),
      Effect.mapError(readError(what))
    )
  })

export const layer: Layer.Layer<TopicReader, never, KafkaDriver> = Layer.effect(
  TopicReader,
  Effect.gen(function* () {
    const driver = yield* KafkaDriver

    const endsOf = (topic: string, partition: number) =>
      Effect.map(
        patiently(driver.ends(topic, partition), `${topic}/${partition}`),
        ({ earliest, next }): OffsetRange => ({ partition, from: earliest, to: next })
      )

    // Without `connect`, which may ask for the rights of a writer.
    const describe = Effect.fnUntraced(function* (topic: string) {
      const { faults, topics } = yield* driver.describe([topic])
      const fault = faults.get(topic)
      if (fault === undefined) return topics[0]
      return fault.kind === "Denied" ? fault : yield* fault
    })

    const fetch = (topic: string, partition: number, at: number) =>
      patiently(driver.fetch(topic, partition, at), `${topic}/${partition}`)

    const shrunk = (topic: string, partition: number, next: number, to: number) =>
      new TopicReadError({
        message: `${topic}/${partition} has shrunk while it was read: it ends at offset ${next}, it did at ${to}`
      })

    /** What lies below `to`, and where to go on. */
    const page = Effect.fnUntraced(function* (topic: string, { partition, to }: OffsetRange, at: number) {
      const { next, records } = yield* fetch(topic, partition, at)
      if (next <= at) return yield* shrunk(topic, partition, next, to)
      const below = (records.at(-1)?.offset ?? -1) < to ? records : records.filter(({ offset }) => offset < to)
      return [below, next < to ? Option.some(next) : Option.none()] as const
    })

    const readPartition = (topic: string, range: OffsetRange) =>
      Stream.paginate(range.from, (at) => page(topic, range, at))

    const followPartition = (topic: string, { from, partition }: Start) =>
      follow(from, (at) =>
        Effect.filterOrFail(
          fetch(topic, partition, at),
          ({ next }) => next >= at,
          ({ next }) => shrunk(topic, partition, next, at)
        )
      )

    return TopicReader.of({
      ends: Effect.fnUntraced(function* (topic) {
        const described = yield* patiently(describe(topic), topic)
        if (described instanceof KafkaError) {
          return yield* new TopicReadError({ message: messageOf(topic, described), isHidden: true, cause: described })
        }
        const partitions = Array.from({ length: described?.partitions ?? 0 }, (_, partition) => partition)
        return yield* Effect.forEach(partitions, (partition) => endsOf(topic, partition), {
          concurrency: PARTITIONS_AT_ONCE
        })
      }),
      read: (topic, ranges) =>
        Stream.mergeAll(
          ranges.filter(({ from, to }) => from < to).map((range) => readPartition(topic, range)),
          { concurrency: PARTITIONS_AT_ONCE, bufferSize: 1 }
        ),
      // All of them: none has an end that would let the next one in.
      follow: (topic, starts) =>
        Stream.mergeAll(
          starts.map((start) => followPartition(topic, start)),
          { concurrency: "unbounded", bufferSize: 1 }
        )
    })
  })
)
