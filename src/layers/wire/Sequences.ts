/**
 * The idempotent producer's numbers (`KAFKA_ACKS=all`): by them the broker knows a repeated batch. A partition keeps its
 * producer until the two disagree; then it begins anew with a fresh one, and no other partition is concerned.
 */
import { Duration, Effect, Schedule, Semaphore } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { STORED_BEFORE } from "./codes.ts"
import type { Producer, Sequence } from "./Connection.ts"
import { ofCode } from "./errors.ts"

const INIT_LIMIT = Duration.seconds(5)
const LIMIT = 2 ** 31

/** These say that broker and client disagree about what was sent: the partition must begin anew. */
const DISPUTED = new Set([45, 47, 48, 49, 59, 90])

/** A broker that has just started needs a moment until it gives out producers. */
const loading = Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 15 }))

export interface Sequences {
  /** Makes sure that there is a producer: the account may be denied one. */
  readonly ready: Effect.Effect<void, KafkaError>
  /** A batch for this partition has not to wait for a producer. */
  readonly knows: (topic: string, partition: number) => boolean
  /** For a batch about to be sent. One that is not stored as far as we know is repeated under its numbers, no other is. */
  readonly begin: (
    topic: string,
    partition: number,
    records: ReadonlyArray<SinkRecord>
  ) => Effect.Effect<Sequence, KafkaError>
  /** Takes in the error code that the broker gives the batch; true if the batch is stored. */
  readonly answered: (topic: string, partition: number, errorCode: number) => boolean
}

interface State extends Producer {
  next: number
  /** Not known to be stored. */
  pending: ReadonlyArray<SinkRecord>
}

const same = (a: ReadonlyArray<SinkRecord>, b: ReadonlyArray<SinkRecord>): boolean =>
  a.length === b.length && a.every((record, index) => record === b[index])

export const make = Effect.fnUntraced(function* (cluster: Pick<Cluster, "any">) {
  const states = new Map<string, State>()
  const asking = yield* Semaphore.make(1)
  let producer: Producer | undefined

  const init = Effect.gen(function* () {
    const link = yield* cluster.any
    const { errorCode, ...producer } = yield* link.ask((connection) => connection.initProducerId(), INIT_LIMIT)
    return errorCode === 0 ? producer : yield* ofCode(errorCode, "asking for a producer id")
  })

  const current = asking.withPermit(
    Effect.gen(function* () {
      producer ??= yield* Effect.retry(init, { while: ({ kind }) => kind === "Busy", schedule: loading })
      return producer
    })
  )

  const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`

  const reset = (topic: string, partition: number): void => {
    const key = keyOf(topic, partition)
    // The others keep the old one; who begins anew needs a new one.
    if (states.get(key)?.producerId === producer?.producerId) producer = undefined
    states.delete(key)
  }

  return {
    ready: Effect.asVoid(current),
    knows: (topic, partition) => producer !== undefined && states.has(keyOf(topic, partition)),
    begin: Effect.fnUntraced(function* (topic, partition, batch) {
      const key = keyOf(topic, partition)
      const pending = states.get(key)?.pending ?? []
      if (pending.length > 0 && !same(pending, batch)) reset(topic, partition)
      const state = states.get(key) ?? { ...(yield* current), next: 0, pending: batch }
      state.pending = batch
      states.set(key, state)
      return { producerId: state.producerId, producerEpoch: state.producerEpoch, firstSequence: state.next }
    }),
    answered: (topic, partition, errorCode) => {
      if (DISPUTED.has(errorCode)) reset(topic, partition)
      const stored = errorCode === 0 || errorCode === STORED_BEFORE
      const state = states.get(keyOf(topic, partition))
      if (stored && state !== undefined) {
        state.next = (state.next + state.pending.length) % LIMIT
        state.pending = []
      }
      return stored
    }
  } satisfies Sequences
})
