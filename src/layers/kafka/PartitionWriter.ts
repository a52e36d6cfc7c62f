/**
 * The fiber that serves one partition's lane: sends what it says, tells it the answer, sleeps while it has nothing.
 */
import { Duration, Effect, Fiber, Latch, Metric, Random } from "effect"
import * as Lane from "../../pipeline/Lane.ts"
import { type KafkaDriver, type KafkaError, KafkaErrorKind } from "../../services/KafkaDriver.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import type { Outage } from "./Outage.ts"
import type { Entry, Pending } from "./Pending.ts"

export interface PartitionWriter {
  readonly offer: (entry: Entry) => void
  /** Sends nothing more until `resume`; the send in flight goes on. */
  readonly hold: () => void
  readonly resume: () => void
  readonly recall: Lane.Lane<Entry>["recall"]
  /** Ends after the send in flight; gives what is not stored, in order. */
  readonly retire: Effect.Effect<ReadonlyArray<Entry>>
}

export interface Options {
  readonly driver: KafkaDriver["Service"]
  readonly topic: string
  readonly partition: number
  readonly limits: Lane.Limits
  readonly pending: Pending
  readonly outage: Outage
  /** The broker will never take this record. */
  readonly refused: (entry: Entry, error: KafkaError) => Effect.Effect<void>
  /** The broker knows no such topic. */
  readonly missing: (topic: string) => void
  /** Runs the fiber: its owner, and who learns if it dies. */
  readonly fork: (run: Effect.Effect<void>) => Effect.Effect<Fiber.Fiber<void>>
}

/** A new leader is found within so many tries, as a rule: nothing to warn of. */
const MOVES = 3

const failuresOf = new Map(
  KafkaErrorKind.literals.map((kind) => [kind, Metric.withAttributes(Telemetry.sendFailures, { kind })])
)

const countFailure = (kind: KafkaError["kind"]): Effect.Effect<void> => {
  const metric = failuresOf.get(kind)
  return metric === undefined ? Effect.void : Metric.update(metric, 1)
}

export const make = Effect.fnUntraced(function* (options: Options) {
  const { driver, fork, limits, missing, outage, partition, pending, refused, topic } = options
  const lane = Lane.make<Entry>(limits)
  const wake = yield* Latch.make(false)
  const gate = yield* Latch.make(true)
  const name = `${topic}/${partition}`
  let retired = false

  const succeeded = Effect.fnUntraced(function* (took: Duration.Duration) {
    const stored = lane.acknowledged()
    yield* Metric.update(Telemetry.recordsStored, stored.length)
    yield* Metric.update(Telemetry.batchRecords, stored.length)
    yield* Metric.update(Telemetry.sendSeconds, Duration.toSeconds(took))
    yield* outage.works(name)
    yield* pending.settle(stored)
  })

  const failed = Effect.fnUntraced(function* (error: KafkaError) {
    const out = lane.failed(error.kind, yield* Random.next)
    yield* countFailure(error.kind)
    if (error.kind === "Refused") {
      // The broker has answered: it is the record that is at fault.
      yield* outage.works(name)
      if (out !== undefined) yield* refused(out, error)
      return
    }
    if (error.kind === "MissingTopic") missing(topic)
    if (error.kind !== "Moved" || lane.attempts() > MOVES) yield* outage.failed(name, error)
  })

  const send = (batch: ReadonlyArray<Entry>) =>
    driver
      .produce(
        topic,
        partition,
        batch.map(({ record }) => record)
      )
      .pipe(
        Effect.withSpan(
          "kafka.send",
          {
            kind: "producer",
            attributes: {
              "messaging.system": "kafka",
              "messaging.operation.type": "send",
              "messaging.destination.name": topic,
              "messaging.destination.partition.id": String(partition),
              "messaging.batch.message_count": batch.length
            }
          },
          { captureStackTrace: false }
        ),
        Effect.timed,
        Effect.matchEffect({ onSuccess: ([took]) => succeeded(took), onFailure: failed })
      )

  const run = Effect.gen(function* () {
    for (;;) {
      yield* gate.await
      if (retired) return
      const next = lane.next()
      if (next._tag === "Send") yield* send(next.batch)
      else if (next._tag === "Wait") yield* Effect.sleep(next.millis)
      else {
        wake.closeUnsafe()
        yield* wake.await
      }
    }
  })

  const fiber = yield* fork(run)

  return {
    offer: (entry) => {
      lane.offer(entry)
      wake.openUnsafe()
    },
    hold: () => gate.closeUnsafe(),
    resume: () => gate.openUnsafe(),
    recall: lane.recall,
    retire: Effect.gen(function* () {
      retired = true
      gate.openUnsafe()
      wake.openUnsafe()
      yield* Fiber.await(fiber)
      yield* outage.works(name)
      return lane.release()
    })
  } satisfies PartitionWriter
})
