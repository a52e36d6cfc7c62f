/**
 * The idempotent producer's numbers (`KAFKA_ACKS=all`): by them the broker knows a repeated batch. A partition keeps its
 * producer until the two disagree; then it begins anew with a fresh one, and no other partition is concerned. Where there can
 * be no fresh one, that is the end.
 */
import { Duration, Effect, Schedule, Semaphore } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { KafkaError } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { codeOf, STORED_BEFORE } from "./codes.ts"
import type { Producer, Sequence } from "./Producer.ts"
import { ofCode } from "./errors.ts"

const INIT_LIMIT = Duration.seconds(5)
const LIMIT = 2 ** 31

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

/** Where producers come from. */
interface Producers {
  readonly current: Effect.Effect<Producer, KafkaError>
  /** `current` has not to wait. */
  readonly isThere: () => boolean
  /** Who begins anew needs another one. */
  readonly discard: (producerId: bigint) => void
}

const of = ({ current, discard, isThere }: Producers): Sequences => {
  const states = new Map<string, State>()

  const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`

  const reset = (topic: string, partition: number): void => {
    const key = keyOf(topic, partition)
    const state = states.get(key)
    // The others keep the old one.
    if (state !== undefined) discard(state.producerId)
    states.delete(key)
  }

  return {
    ready: Effect.asVoid(current),
    knows: (topic, partition) => isThere() && states.has(keyOf(topic, partition)),
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
      const [kind] = codeOf(errorCode).verdict
      // Broker and client disagree about what was sent: the partition must begin anew.
      if (kind === "Disputed") reset(topic, partition)
      const stored = errorCode === 0 || errorCode === STORED_BEFORE
      const state = states.get(keyOf(topic, partition))
      if (stored && state !== undefined) {
        state.next = (state.next + state.pending.length) % LIMIT
        state.pending = []
      }
      // Its numbers are free again: what follows may be another batch.
      if (kind === "Refused" && state !== undefined) state.pending = []
      return stored
    }
  }
}

/** Of producers that the brokers give out. */
export const make = Effect.fnUntraced(function* (cluster: Pick<Cluster, "any">) {
  const asking = yield* Semaphore.make(1)
  let producer: Producer | undefined

  const init = Effect.gen(function* () {
    const link = yield* cluster.any
    const { errorCode, ...producer } = yield* link.ask((connection) => connection.initProducerId(), INIT_LIMIT)
    return errorCode === 0 ? producer : yield* ofCode(errorCode, "asking for a producer id")
  })

  return of({
    current: asking.withPermit(
      Effect.gen(function* () {
        producer ??= yield* Effect.retry(init, { while: ({ kind }) => kind === "Busy", schedule: loading })
        return producer
      })
    ),
    isThere: () => producer !== undefined,
    discard: (producerId) => {
      if (producer?.producerId === producerId) producer = undefined
    }
  })
})

/** Of this producer alone: once a partition cannot go on with it, none does. */
export const fixed = (producer: Producer): Sequences => {
  let isOver = false
  return of({
    current: Effect.suspend(() =>
      isOver
        ? Effect.fail(new KafkaError({ kind: "Disputed", message: "the broker and this producer have disagreed" }))
        : Effect.succeed(producer)
    ),
    isThere: () => !isOver,
    discard: () => {
      isOver = true
    }
  })
}
