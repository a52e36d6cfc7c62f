/**
 * Lets go of acknowledged records once the replicas have them (`KAFKA_ACKS=1`): the brokers are asked of all partitions at
 * once, soon after much was acknowledged, and in any case within a second.
 */
import { Effect, Latch, Schedule } from "effect"
import { wholeSecond } from "../../pipeline/wholeSecond.ts"
import type { KafkaDriver } from "../../services/KafkaDriver.ts"
import type { PartitionWriter } from "./PartitionWriter.ts"

/** Of records: so many are too many to be kept any longer. */
const ENOUGH = 1000
const HURRY = Schedule.spaced("50 millis")

export interface Confirmations {
  /** So many more records are acknowledged, and kept. */
  readonly kept: (records: number) => void
  /** Completes once no failover can lose what was acknowledged. */
  readonly confirmed: Effect.Effect<void>
  readonly run: Effect.Effect<never>
}

export const make = Effect.fnUntraced(function* (
  driver: KafkaDriver["Service"],
  /** All that there are now. */
  writers: () => ReadonlyArray<PartitionWriter>
): Effect.fn.Return<Confirmations> {
  const some = yield* Latch.make(false)
  const enough = yield* Latch.make(false)
  let unconfirmed = 0

  const keeping = () => writers().filter(({ keeps }) => keeps())

  const look = Effect.gen(function* () {
    unconfirmed = 0
    enough.closeUnsafe()
    const asking = keeping()
    if (asking.length === 0) return void some.closeUnsafe()
    const answers = yield* driver.highWatermarks(asking)
    for (const [index, answer] of answers.entries()) asking[index]?.confirm(answer)
  })

  return {
    kept: (records) => {
      unconfirmed += records
      some.openUnsafe()
      if (unconfirmed >= ENOUGH) enough.openUnsafe()
    },
    confirmed: Effect.suspend(() => (keeping().length === 0 ? Effect.void : look)).pipe(
      Effect.repeat({ while: () => keeping().length > 0, schedule: HURRY }),
      Effect.asVoid
    ),
    run: some.await.pipe(
      Effect.andThen(Effect.raceFirst(enough.await, wholeSecond)),
      Effect.andThen(look),
      Effect.forever
    )
  }
})
