/**
 * Shuts out who wrote before. A transactional id gives its producer a higher epoch at every opening, and an empty transaction,
 * aborted, puts a marker of that epoch into every partition: from there on a leader refuses batches of the epochs before. The
 * records themselves are in no transaction, so that every consumer sees them at once, and seeing costs nothing more.
 *
 * The markers are in the partitions when the coordinator gives the id its next epoch, which is the one that is used.
 */
import { Duration, Effect, Schedule, Semaphore } from "effect"
import { FencedKafka } from "../../services/FencedKafka.ts"
import { type KafkaDriver, KafkaError, type TopicPartition } from "../../services/KafkaDriver.ts"
import { UNKNOWN_TOPIC } from "./codes.ts"
import * as Driver from "./Driver.ts"
import { ofCode } from "./errors.ts"
import * as Sequences from "./Sequences.ts"
import * as Transactions from "./transactions.ts"

/** Of an opening, while a leader or the coordinator is away. */
const OPEN_LIMIT = Duration.seconds(60)
/** A coordinator forgets an id that is not used for a week, and with it which epoch comes next. */
const USE_EVERY = Duration.hours(1)
/** Of a marking while it runs. */
const USE_LIMIT = Duration.seconds(10)

/** How long a topic may take to be seen; one that does not exist is marked when it is read or written. */
const APPEARING = Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 15 }))

const FINAL_OR_MISSING: ReadonlySet<KafkaError["kind"]> = new Set([...Transactions.FINAL, "MissingTopic"])

const nameOf = ({ partition, topic }: TopicPartition): string => `${topic}/${partition}`

const fenced = (id: string) => (error: KafkaError) =>
  error.kind === "Disputed"
    ? new KafkaError({
        kind: "Fenced",
        message: `${id} is written by another process by now: ${error.message}`,
        ...(error.code === undefined ? {} : { code: error.code })
      })
    : error

export const make = (client: Driver.Client): FencedKafka["Service"] => {
  const { cluster } = client

  /** Every partition: one that is left out is not fenced. A broker that has just started may not know all topics yet. */
  const placesOf = (topics: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const described = yield* cluster.metadata(topics)
      const fault = described.find(({ errorCode }) => errorCode !== 0 && errorCode !== UNKNOWN_TOPIC)
      if (fault !== undefined) return yield* ofCode(fault.errorCode, `topic ${fault.name}`)
      return described.filter(({ errorCode }) => errorCode === 0)
    }).pipe(
      Transactions.patiently,
      Effect.repeat({ until: ({ length }) => length === topics.length, schedule: APPEARING }),
      Effect.map((described) =>
        described.flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })))
      )
    )

  const open = Effect.fnUntraced(function* (id: string, topics: ReadonlyArray<string>) {
    const { mark, next } = Transactions.make(cluster, id)

    const opening = Effect.gen(function* () {
      const places = yield* placesOf(topics)
      const first = yield* next
      yield* mark(first, places)
      // Once the transaction has come to its end in every partition.
      const producer = yield* next
      if (producer.producerId !== first.producerId || producer.producerEpoch !== first.producerEpoch + 1) {
        return yield* new KafkaError({ kind: "Disputed", message: "it was opened twice at the same time" })
      }
      return { places, producer }
    }).pipe(
      Effect.timeoutOrElse({
        duration: OPEN_LIMIT,
        orElse: () => Effect.fail(new KafkaError({ kind: "Busy", message: `${id} could not be opened in time` }))
      }),
      Effect.mapError(fenced(id))
    )

    const { places, producer } = yield* opening
    const driver = yield* Driver.over(client, Sequences.fixed(producer))
    const marked = new Set(places.map(nameOf))
    const turn = yield* Semaphore.make(1)
    const use = (some: ReadonlyArray<TopicPartition>) =>
      turn.withPermit(mark(producer, some, FINAL_OR_MISSING)).pipe(
        Effect.timeoutOrElse({
          duration: USE_LIMIT,
          orElse: () => Effect.fail(new KafkaError({ kind: "Busy", message: `${id} could not be used in time` }))
        })
      )

    yield* Effect.forkScoped(Effect.forever(Effect.delay(Effect.ignore(use(places.slice(0, 1))), USE_EVERY)))

    /** A topic that came later: nothing is read or written of it before. The second time waits for the first marker. */
    const seal = (place: TopicPartition) =>
      marked.has(nameOf(place))
        ? Effect.void
        : Effect.andThen(use([place]), use([place])).pipe(
            Effect.andThen(Effect.sync(() => void marked.add(nameOf(place))))
          )

    return {
      ...driver,
      produce: (topic, partition, records) =>
        Effect.andThen(seal({ topic, partition }), driver.produce(topic, partition, records)).pipe(
          Effect.mapError(fenced(id))
        ),
      ends: (topic, partition) =>
        Effect.andThen(seal({ topic, partition }), driver.ends(topic, partition)).pipe(Effect.mapError(fenced(id)))
    } satisfies KafkaDriver["Service"]
  })

  return FencedKafka.of({ open })
}
