/**
 * Stores records in Kafka, over any `KafkaDriver`. Every partition has a lane of its own (`pipeline/Lane`), served by one
 * fiber; side by side they share a bound on memory, above which `publish` waits. Delivery tries for as long as it takes:
 * only what needs a person ends it, and that only at the start.
 */
import { Cause, Context, Duration, Effect, Layer, Option, Semaphore } from "effect"
import type { Acks } from "../schema/Settings.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { KafkaDriver } from "../services/KafkaDriver.ts"
import { Positions, type PositionsService, type Standings } from "../services/Positions.ts"
import * as Findings from "./kafka/Findings.ts"
import { ReleasableSink } from "../services/ReleasableSink.ts"
import * as Traces from "../services/Traces.ts"
import { newest } from "./kafka/Newest.ts"
import * as Outage from "./kafka/Outage.ts"
import * as Pending from "./kafka/Pending.ts"
import * as PositionKeeper from "./kafka/Positions.ts"
import * as Resume from "./kafka/Resume.ts"
import * as Routes from "./kafka/Routes.ts"
import * as SendTrace from "./kafka/SendTrace.ts"
import * as Topics from "./kafka/Topics.ts"

/** Of acknowledged records that a failover may still lose; some seconds at 10,000 trades a second. */
const KEPT_BYTES = 32 * 1024 * 1024

/** How long a flush waits for the replicas beyond the leader's acknowledgement. */
const CONFIRMATION_LIMIT = Duration.seconds(2)

/** What `KAFKA_ACKS` promises. */
const PROMISES: Record<Acks, string> = {
  "0": "nothing is acknowledged: whatever goes wrong loses records, and nobody learns of it",
  "1": "a record is stored when its partition's leader has it; what a failover loses, or a send leaves in doubt, is read back and sent again: once and in order while this process lives",
  all: "a record is stored when every in-sync replica has it: once and in order, as long as one of them survives"
}

/** One reading of a stream serves all who ask: what is stored meanwhile is known here. */
const once = Effect.fnUntraced(function* (load: PositionsService["load"]) {
  const readings = new Map<string, Effect.Effect<Standings, SinkError>>()
  const turn = yield* Semaphore.make(1)
  const readingsOf = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
    const unread = streams.filter(({ name }) => !readings.has(name))
    const reading = yield* Effect.cached(load(unread))
    for (const { name } of unread) readings.set(name, reading)
    return [...new Set(streams.flatMap(({ name }) => readings.get(name) ?? []))]
  }, turn.withPermit)
  const loadOnce: PositionsService["load"] = (streams) =>
    readingsOf(streams).pipe(
      Effect.flatMap((all) => Effect.all(all, { concurrency: "unbounded" })),
      Effect.map((all) => ({
        stands: new Map(all.flatMap(({ stands }) => [...stands])),
        said: all.flatMap(({ said }) => said)
      }))
    )
  return loadOnce
})

/** For a spool, which takes over what waits. */
export const releasable = Layer.effectContext(
  Effect.gen(function* () {
    const { group, kafka, topics: topicNames } = yield* AppConfig
    const driver = yield* KafkaDriver
    // Whoever wrote before is shut out, whoever writes beside us writes other keys.
    const isShared = Option.isSome(group)
    const scope = yield* Effect.scope
    const pending = yield* Pending.make
    const outage = yield* Outage.make
    const findings = yield* Findings.make
    const delivery = { acks: kafka.acks, keeping: { limit: KEPT_BYTES, bytes: 0 } }

    /** Fibers of the sink run as long as it does; one that dies takes the sink with it. */
    const fork = (run: Effect.Effect<void>) =>
      run.pipe(
        Effect.tapCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.void
            : pending.fail(new SinkError({ message: "the Kafka sink is broken", cause: Cause.squash(cause) }))
        ),
        Traces.apart,
        Effect.forkIn(scope)
      )

    const topics: Topics.Topics = yield* Topics.make(outage, (topic, anew) => routes.found(topic, anew))
    const publish = (records: ReadonlyArray<SinkRecord>): Effect.Effect<void> =>
      Effect.sync(() => routes.assign(pending.take(records)))
    const positions = yield* PositionKeeper.make({ publish, stated: pending.stated })
    const resume = yield* Resume.make({ driver, positions, isSealed: isShared })
    const routes = yield* Routes.make({
      driver,
      delivery,
      fenced: (error) => pending.fail(new SinkError({ message: error.message, isFenced: true, cause: error })),
      findings,
      isShared,
      stored: positions.stored,
      seen: positions.seen,
      pending,
      outage,
      trace: yield* SendTrace.make,
      missing: topics.want,
      fork
    })

    yield* Effect.logInfo(`KAFKA_ACKS=${kafka.acks}: ${PROMISES[kafka.acks]}`).pipe(
      Effect.annotateLogs({ client: kafka.client })
    )
    yield* Effect.withSpan(topics.start, Traces.START, { root: true })
    yield* fork(topics.run)

    yield* fork(positions.run)

    const count = Effect.sync(() => pending.waiting().records)
    const sink = ReleasableSink.of({
      publish: (batch) => Effect.andThen(pending.room, publish(batch)),
      flush: pending.flush.pipe(
        Effect.andThen(Effect.timeoutOption(routes.confirmed, CONFIRMATION_LIMIT)),
        Effect.andThen(positions.write),
        Effect.flatMap((wrote) => (wrote ? pending.flush : Effect.void))
      ),
      pending: count,
      surrender: count,
      stored: pending.flush,
      waiting: pending.waiting,
      newest: (records) => newest(driver, records),
      release: Effect.uninterruptible(
        Effect.gen(function* () {
          const { tried, untried } = routes.recall()
          pending.release(untried)
          // Where streams stand is written anew: what is old by then must not come behind it.
          const events = untried.filter(({ record }) => record.topic !== topicNames.positions)
          return { tried: tried.map(({ record }) => record), untried: events.map(({ record }) => record) }
        })
      )
    })
    return Context.make(ReleasableSink, sink).pipe(
      Context.add(Positions, { isKept: true, load: yield* once(resume.load), begin: positions.begin })
    )
  })
)

export const layer = Layer.effect(EventSink, ReleasableSink).pipe(Layer.provideMerge(releasable))
