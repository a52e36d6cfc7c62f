/**
 * The idempotent producer's numbers (`KAFKA_ACKS=all`): by them the broker knows a repeated batch. A partition keeps its
 * producer until the two disagree; then it begins anew with a fresh one, and no other partition is concerned.
 */
import { Duration, Effect, Semaphore } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import { KafkaError } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { ofCode } from "./errors.ts"

const INIT_LIMIT = Duration.seconds(5)
const LIMIT = 2 ** 31

export interface Sequence {
  readonly producerId: string
  readonly producerEpoch: number
  /** Of the next record. */
  readonly next: number
}

export interface Sequences {
  /** Makes sure that there is a producer: the account may be denied one. */
  readonly ready: Effect.Effect<void, KafkaError>
  readonly of: (topic: string, partition: number) => Effect.Effect<Sequence, KafkaError>
  /** So many records of the sequence are stored. */
  readonly advance: (topic: string, partition: number, sequence: Sequence, records: number) => void
  /** The broker counts otherwise. */
  readonly reset: (topic: string, partition: number) => void
}

type Producer = Pick<Sequence, "producerId" | "producerEpoch">

export const make = Effect.fnUntraced(function* (cluster: Cluster) {
  const sequences = new Map<string, Sequence>()
  const asking = yield* Semaphore.make(1)
  let producer: Producer | undefined

  const init = Effect.gen(function* () {
    const link = yield* cluster.any
    const input = { transactionalId: undefined, transactionTimeout: 60_000 }
    const answer = yield* link.call("InitProducerId", requests.InitProducerId, input, INIT_LIMIT).pipe(
      // Nothing of ours was in it.
      Effect.mapError(({ cause, kind, message }) =>
        kind === "Doubt"
          ? new KafkaError({ kind: "Unreachable", message, cause })
          : new KafkaError({ kind, message, cause })
      )
    )
    if (answer === undefined) return yield* new KafkaError({ kind: "Unreachable", message: "no producer id" })
    if (answer.errorCode !== 0) return yield* ofCode(answer.errorCode, "asking for a producer id")
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
  })

  const current = asking.withPermit(
    Effect.gen(function* () {
      producer ??= yield* init
      return producer
    })
  )

  const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`

  return {
    ready: Effect.asVoid(current),
    of: Effect.fnUntraced(function* (topic, partition) {
      const known = sequences.get(keyOf(topic, partition))
      if (known !== undefined) return known
      const begun = { ...(yield* current), next: 0 }
      sequences.set(keyOf(topic, partition), begun)
      return begun
    }),
    advance: (topic, partition, sequence, records) =>
      void sequences.set(keyOf(topic, partition), { ...sequence, next: (sequence.next + records) % LIMIT }),
    reset: (topic, partition) => {
      const key = keyOf(topic, partition)
      // The others keep the old one; who begins anew needs a new one.
      if (sequences.get(key)?.producerId === producer?.producerId) producer = undefined
      sequences.delete(key)
    }
  } satisfies Sequences
})
