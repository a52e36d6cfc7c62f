/**
 * The coordinator's side of a transactional id: its producer's next epoch, and empty transactions, whose ends put a marker into
 * partitions. No record is ever in one.
 */
import { Duration, Effect, Schedule } from "effect"
import type { KafkaError, TopicPartition } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { INVALID_TXN_STATE, OPERATION_NOT_ATTEMPTED } from "./codes.ts"
import type { Connection } from "./Connection.ts"
import type { TransactionalProducer } from "./coordination.ts"
import { ofCode } from "./errors.ts"

const REQUEST_LIMIT = Duration.seconds(5)
const RETRY = Schedule.spaced("50 millis")

export const FINAL: ReadonlySet<KafkaError["kind"]> = new Set(["Denied", "Disputed"])

/** Whoever is asked moves, loads, or has not ended the transaction before: it will. */
export const patiently = <A>(effect: Effect.Effect<A, KafkaError>, final = FINAL) =>
  Effect.retry(effect, { schedule: RETRY, while: ({ kind }) => !final.has(kind) })

/** What the coordinator is asked for an id. */
export const make = (cluster: Cluster, id: string) => {
  const ask = <A>(request: (connection: Connection) => Promise<A>) =>
    Effect.flatMap(cluster.coordinator("transaction", id), (link) => link.ask(request, REQUEST_LIMIT))

  const next = patiently(
    Effect.gen(function* () {
      const { errorCode, ...producer } = yield* ask((connection) => connection.initProducerId(id))
      if (errorCode !== 0) return yield* ofCode(errorCode, `asking for the producer of ${id}`)
      return { ...producer, transactionalId: id } satisfies TransactionalProducer
    })
  )

  /** Begins a transaction in these partitions and aborts it: each gets a marker. */
  const mark = Effect.fnUntraced(function* (
    producer: TransactionalProducer,
    places: ReadonlyArray<TopicPartition>,
    final = FINAL
  ) {
    if (places.length === 0) return
    yield* patiently(
      Effect.gen(function* () {
        const answers = yield* ask((connection) => connection.addPartitionsToTransaction(producer, places))
        // Beside the one that is at fault the others are said to be not attempted.
        const fault = answers.find(({ errorCode }) => errorCode !== 0 && errorCode !== OPERATION_NOT_ATTEMPTED)
        if (fault !== undefined)
          return yield* ofCode(fault.errorCode, `marking ${fault.topic}/${fault.partition} for ${id}`)
      }),
      final
    )
    yield* patiently(
      Effect.gen(function* () {
        const errorCode = yield* ask((connection) => connection.endTransaction(producer, false))
        // The answer to the first try was lost: there is nothing left to end.
        if (errorCode !== 0 && errorCode !== INVALID_TXN_STATE)
          return yield* ofCode(errorCode, `ending a transaction of ${id}`)
      }),
      final
    )
  })

  return { next, mark }
}
