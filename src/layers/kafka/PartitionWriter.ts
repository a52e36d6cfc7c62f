/**
 * The fiber that serves one partition's lane: sends and reads what it says, tells it the answer, sleeps while it has nothing.
 */
import { Clock, Effect, Fiber, Latch, Metric, Random, Result } from "effect"
import * as Lane from "../../pipeline/Lane.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { type KafkaDriver, KafkaError, KafkaErrorKind } from "../../services/KafkaDriver.ts"
import { Status } from "../../services/Status.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import type { Findings } from "./Findings.ts"
import type { Outage } from "./Outage.ts"
import type { Entry, Pending } from "./Pending.ts"
import type { SendTrace } from "./SendTrace.ts"
import * as Tail from "./Tail.ts"

export interface PartitionWriter {
  /** Sent once the writer is woken, or at work. */
  readonly offer: (entry: Entry) => void
  readonly wake: () => void
  readonly topic: string
  readonly partition: number
  /** Something is acknowledged that a failover may still lose. */
  readonly keeps: () => boolean
  /** All that it was offered is stored. */
  readonly isAtRest: () => boolean
  /** Where its high watermark is, or why that is not known: lets go of what the replicas have. */
  readonly confirm: (highWatermark: Result.Result<number, KafkaError>) => void
  /** Sends nothing more until `resume`; the send in flight goes on. */
  readonly hold: () => void
  /** `anew`: the partition is a new one. */
  readonly resume: (anew: boolean) => void
  readonly recall: Lane.Lane<Entry>["recall"]
  /** Ends after the send in flight; gives what is not stored, in order. */
  readonly retire: Effect.Effect<ReadonlyArray<Entry>>
}

export interface Options {
  readonly driver: KafkaDriver["Service"]
  readonly topic: string
  readonly partition: number
  readonly limits: Lane.Limits
  readonly delivery: Lane.Options
  readonly findings: Findings
  /** These are in the partition from this offset on (-1: somewhere). */
  readonly stored: (topic: string, partition: number, offset: number, records: ReadonlyArray<SinkRecord>) => void
  /** So many records are acknowledged that a failover may still lose. */
  readonly kept: (records: number) => void
  readonly pending: Pending
  readonly outage: Outage
  readonly trace: SendTrace
  /** How many records a send has stored, and in how many seconds. */
  readonly measure: (records: number, seconds: number) => void
  /** The broker will never take this record. */
  readonly refused: (entry: Entry, error: KafkaError) => Effect.Effect<void>
  /** Nothing will be stored any more: another process has taken over. */
  readonly fenced: (error: KafkaError) => Effect.Effect<void>
  /** Others write to the partition as well, by right. */
  readonly isShared: boolean
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
  const {
    delivery,
    driver,
    fenced,
    findings,
    fork,
    isShared,
    kept,
    limits,
    measure,
    missing,
    outage,
    partition,
    pending,
    refused,
    topic,
    trace
  } = options
  const { kafka } = yield* Status
  const clock = yield* Clock.Clock
  /** Monotonic, ms. */
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const lane = Lane.make<Entry>(limits, delivery)
  const tail = Tail.make(driver, topic, partition)
  const wake = yield* Latch.make(false)
  const gate = yield* Latch.make(true)
  const name = `${topic}/${partition}`
  const notFollowing = new KafkaError({ kind: "Busy", message: `the replicas of ${name} do not follow` })
  let retired = false

  let sends = 0
  const inFlight = (count: 0 | 1): void => {
    kafka.inFlight += count - sends
    sends = count
  }

  /** Stored, as reading has shown. */
  const found = (stored: ReadonlyArray<Entry>, seen: ReadonlyArray<Tail.Seen>) => {
    if (stored.length === 0) return
    const offsets = new Map(seen.map((one) => [Tail.idOf(one), one.offset]))
    for (const { id, record } of stored) options.stored(topic, partition, offsets.get(id) ?? -1, [record])
    pending.stored(stored)
  }

  /** Others have written this window. */
  const lookAt = (from: number, to: number) =>
    tail.window(from, to).pipe(
      Effect.tap((seen) => findings.foreign(topic, seen)),
      Effect.map((seen) => found(lane.elsewhere(seen.map(Tail.idOf)), seen)),
      Effect.catch((error) =>
        error.kind === "Denied"
          ? findings.unreadable(topic, error)
          : Effect.annotateLogs(Effect.logDebug("What others have written could not be read"), {
              reason: error.message
            })
      )
    )

  const judged = Effect.fnUntraced(function* (audit: Lane.Audit, stored: ReadonlyArray<Entry>, offset: number) {
    yield* outage.works(name)
    pending.stored(stored)
    if (audit._tag === "Regressed") yield* findings.regressed(audit.expected, offset)
    if (audit._tag === "Jumped" && !isShared) yield* lookAt(audit.from, audit.to)
  })

  const succeeded = (records: ReadonlyArray<SinkRecord>, offset: number, seconds: number): Effect.Effect<void> => {
    const { audit, stored } = lane.acknowledged(offset)
    if (delivery.acks === "1") kept(records.length)
    if (delivery.acks !== "0") options.stored(topic, partition, offset, records)
    kafka.acknowledged(stored.length, seconds * 1000)
    measure(stored.length, seconds)
    // As nearly always: some thousand times a second, a step less counts.
    if (audit._tag !== "Expected" || !outage.stillWorks(name)) return judged(audit, stored, offset)
    pending.stored(stored)
    return Effect.void
  }

  const reported = Effect.fnUntraced(function* (error: KafkaError) {
    if (error.kind === "MissingTopic") missing(topic)
    if (error.kind !== "Moved" || lane.attempts() > MOVES) yield* outage.failed(name, error)
  })

  const failed = Effect.fnUntraced(function* (error: KafkaError) {
    const out = lane.failed(error.kind, yield* Random.next)
    kafka.failures++
    const at = yield* Clock.currentTimeMillis
    kafka.lastError = { at, where: name, kind: error.kind, message: error.message }
    yield* countFailure(error.kind)
    if (error.kind === "Fenced") {
      retired = true
      return yield* fenced(error)
    }
    if (error.kind === "Refused") {
      // The broker has answered: it is the record that is at fault.
      yield* outage.works(name)
      if (out !== undefined) yield* refused(out, error)
      return
    }
    yield* reported(error)
  })

  const read = (from: number | undefined, doubted: ReadonlyArray<string>) =>
    tail.read(from, doubted).pipe(
      Effect.withSpan("read tail", {
        root: true,
        kind: "client",
        attributes: {
          "messaging.system": "kafka",
          "messaging.operation.name": "fetch",
          "messaging.operation.type": "receive",
          "messaging.destination.name": topic,
          "messaging.destination.partition.id": String(partition)
        }
      }),
      Effect.matchEffect({
        onSuccess: Effect.fnUntraced(function* ({ next, seen }) {
          const { again, expected, lost, stored } = lane.read(seen.map(Tail.idOf), next)
          if (expected !== undefined) yield* findings.regressed(expected, next)
          yield* findings.gone(again, lost)
          found(stored, seen)
          if (lane.attempts() === 0) yield* outage.works(name)
        }),
        onFailure: Effect.fnUntraced(function* (error) {
          if (error.kind === "Denied") {
            lane.blind()
            return yield* findings.unreadable(topic, error)
          }
          lane.unread(yield* Random.next)
          yield* countFailure(error.kind)
          yield* reported(error)
        })
      })
    )

  const send = (batch: ReadonlyArray<Entry>) => {
    const records = batch.map(({ record }) => record)
    const begun = now()
    inFlight(1)
    return driver.produce(topic, partition, records).pipe(
      trace(topic, partition, records),
      Effect.matchEffect({
        onSuccess: (offset) => {
          inFlight(0)
          return succeeded(records, offset, (now() - begun) / 1000)
        },
        onFailure: (error) => {
          inFlight(0)
          return failed(error)
        }
      })
    )
  }

  const run = Effect.gen(function* () {
    for (;;) {
      // To wait where nothing holds it up would still take a turn, at every send.
      if (!gate.isOpen()) yield* gate.await
      if (retired) return
      const next = lane.next()
      if (next._tag === "Send") yield* send(next.batch)
      else if (next._tag === "Read") yield* read(next.from, next.doubted)
      else if (next._tag === "Wait") {
        if (next.isFull === true) yield* outage.failed(name, notFollowing)
        yield* Effect.sleep(next.millis)
      } else {
        wake.closeUnsafe()
        yield* wake.await
      }
    }
  })

  const fiber = yield* fork(
    run.pipe(Effect.annotateLogs({ topic, partition }), Effect.ensuring(Effect.sync(() => inFlight(0))))
  )

  return {
    offer: lane.offer,
    wake: () => void wake.openUnsafe(),
    topic,
    partition,
    keeps: lane.keeps,
    isAtRest: lane.isAtRest,
    confirm: Result.match({
      onSuccess: (highWatermark) => {
        lane.confirmed(highWatermark)
        // It is another log where that has gone back: read at once.
        if (!lane.isAtRest()) wake.openUnsafe()
      },
      onFailure: ({ kind }) => {
        if (kind !== "Moved" && kind !== "MissingTopic") return
        lane.suspect()
        wake.openUnsafe()
      }
    }),
    hold: () => gate.closeUnsafe(),
    resume: (anew) => {
      if (anew) lane.renewed()
      else {
        // It may be another one all the same: read before anything is sent.
        lane.suspect()
        wake.openUnsafe()
      }
      gate.openUnsafe()
    },
    recall: lane.recall,
    retire: Effect.gen(function* () {
      retired = true
      gate.openUnsafe()
      wake.openUnsafe()
      yield* Fiber.await(fiber)
      yield* outage.works(name)
      const left = lane.release()
      // What it was kept for is gone.
      lane.renewed()
      return left
    })
  } satisfies PartitionWriter
})
