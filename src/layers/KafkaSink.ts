/**
 * Stores records in Kafka, over any `KafkaDriver`. Every partition has a lane of its own (`pipeline/Lane`), served by one
 * fiber; side by side they share a bound on memory, above which `publish` waits. Delivery tries for as long as it takes:
 * only what needs a person ends it, and that only at the start.
 */
import { Cause, Effect, Layer } from "effect"
import type { Acks } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { KafkaDriver } from "../services/KafkaDriver.ts"
import { ReleasableSink } from "../services/ReleasableSink.ts"
import * as Outage from "./kafka/Outage.ts"
import * as Pending from "./kafka/Pending.ts"
import * as Routes from "./kafka/Routes.ts"
import * as Topics from "./kafka/Topics.ts"

/** What `KAFKA_ACKS` promises. */
const PROMISES: Record<Acks, string> = {
  "0": "nothing is acknowledged: whatever goes wrong loses records, and nobody learns of it",
  "1": "a record is stored when its partition's leader has it: a failover may lose it, a repeated send may store it twice",
  all: "a record is stored when every in-sync replica has it: once and in order, as long as one of them survives"
}

/** For a spool, which takes over what waits. */
export const releasable = Layer.effect(
  ReleasableSink,
  Effect.gen(function* () {
    const { kafka } = yield* AppConfig
    const driver = yield* KafkaDriver
    const scope = yield* Effect.scope
    const pending = yield* Pending.make
    const outage = yield* Outage.make

    /** Fibers of the sink run as long as it does; one that dies takes the sink with it. */
    const fork = (run: Effect.Effect<void>) =>
      run.pipe(
        Effect.tapCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.void
            : pending.fail(new SinkError({ message: "the Kafka sink is broken", cause: Cause.squash(cause) }))
        ),
        Effect.forkIn(scope)
      )

    const topics: Topics.Topics = yield* Topics.make(outage, (topic, anew) => routes.found(topic, anew))
    const routes = yield* Routes.make({ driver, pending, outage, missing: topics.want, fork })

    yield* Effect.logInfo(`KAFKA_ACKS=${kafka.acks}: ${PROMISES[kafka.acks]}`)
    yield* Effect.withSpan(topics.start, "kafka.start")
    yield* fork(topics.run)

    return ReleasableSink.of({
      publish: Effect.fnUntraced(function* (batch) {
        yield* pending.room
        yield* Effect.uninterruptible(Effect.map(pending.take(batch), routes.assign))
      }),
      flush: pending.flush,
      pending: pending.count,
      surrender: pending.count,
      waitingBytes: pending.bytes,
      release: Effect.uninterruptible(
        Effect.gen(function* () {
          const { tried, untried } = routes.recall()
          yield* pending.settle(untried)
          return { tried: tried.map(({ record }) => record), untried: untried.map(({ record }) => record) }
        })
      )
    })
  })
)

export const layer = Layer.effect(EventSink, ReleasableSink).pipe(Layer.provide(releasable))
