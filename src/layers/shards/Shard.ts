/**
 * One shard's life in this process: it takes over, which shuts out whoever had it before, and goes on where the topics say that
 * it stood, with connections, order and a sink of its own. Let go of, it stores what it has received. An error of its own begins
 * it anew, after a while; that another process has taken it over ends it.
 */
import { Cause, Clock, Duration, Effect, Exit, Layer, Metric, Option, Random, Stream } from "effect"
import * as Ingest from "../../pipeline/Ingest.ts"
import { shardOf } from "../../pipeline/shards/shardOf.ts"
import type { GroupSettings } from "../../schema/Settings.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { SinkError } from "../../services/EventSink.ts"
import { FencedKafka } from "../../services/FencedKafka.ts"
import { Health } from "../../services/Health.ts"
import { Instance, newInstance } from "../../services/Instance.ts"
import { KafkaDriver, KafkaError } from "../../services/KafkaDriver.ts"
import { Status } from "../../services/Status.ts"
import * as Streams from "../../services/Streams.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as BinanceHistory from "../BinanceHistory.ts"
import * as BinanceWebSocket from "../BinanceWebSocket.ts"
import { PendingLimit } from "../kafka/Pending.ts"
import { configuredTopics } from "../kafka/wishes.ts"
import * as KafkaSink from "../KafkaSink.ts"
import { type Owner, toRecord } from "./ownerRecord.ts"
import type { ShardHealth } from "./ShardHealth.ts"
import * as ShardStatus from "./ShardStatus.ts"

/** Of the memory for what is not stored, and for what waits for what was missed, a shard has its part of each. */
const WAITING_BYTES = 128 * 1024 * 1024
const LEAST_WAITING_BYTES = 8 * 1024 * 1024

const TELL_LIMIT = Duration.seconds(1)

const FIRST_WAIT = Duration.seconds(1)
const LAST_WAIT = Duration.seconds(30)
/** What ran for so long was well. */
const WELL_AFTER = Duration.minutes(1)

/** Those that this process had a part in; built anew for each run of a shard. */
const parts = Layer.mergeAll(BinanceWebSocket.layer, BinanceHistory.layerNoClient, KafkaSink.layer)

const isFencing = (error: unknown): boolean =>
  (error instanceof SinkError && error.isFenced === true) || (error instanceof KafkaError && error.kind === "Fenced")

/** What a run has failed with is a defect of it where its end has failed too. */
const isFenced = ({ reasons }: Cause.Cause<unknown>): boolean =>
  reasons.some(
    (reason) =>
      (Cause.isFailReason(reason) && isFencing(reason.error)) || (Cause.isDieReason(reason) && isFencing(reason.defect))
  )

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause)) ?? Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Says of what it has measured that it is no longer so. */
const forgetLevels = Effect.forEach(
  Object.values<Metric.Metric<never, unknown> & { readonly labels: object }>(Telemetry).filter(
    ({ labels, type }) => type === "Gauge" && Object.keys(labels).length === 0
  ),
  Metric.remove,
  { discard: true }
)

/** As long as a shard has no stream, nothing is done for it. */
const untilSome = ({ follow }: Streams.StreamsService) =>
  Effect.flatMap(follow, ({ changes, streams }) =>
    streams.length > 0 ? Effect.void : Stream.runDrain(Stream.take(changes, 1))
  ).pipe(Effect.scoped)

export const make = Effect.fnUntraced(function* (group: GroupSettings, health: ShardHealth) {
  const settings = yield* AppConfig
  const fenced = yield* FencedKafka
  const process = yield* Instance
  const place = { market: settings.binance.market.name, topic: settings.topics.shards }

  const streams = yield* Streams.streams

  /** Those of all streams, not only of its own: it may get others while it has the shard. */
  const topics = () =>
    configuredTopics({
      ...settings,
      binance: { ...settings.binance, streams: [...settings.binance.streams, ...streams.known()] }
    })

  const once = Effect.fnUntraced(function* (shard: number, own: Streams.StreamsService) {
    const began = yield* Clock.currentTimeMillis
    const instance = yield* newInstance
    const most = Math.max(LEAST_WAITING_BYTES, WAITING_BYTES / group.shards)
    const services = { health: yield* health.of(shard), status: yield* ShardStatus.make(shard) }
    yield* Effect.addFinalizer(() => forgetLevels)
    const driver = yield* fenced.open(`${group.id}-${shard}`, [...topics()])
    const tell = (state: Owner["state"]) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const record = toRecord(place, { shard, instance, process, state }, now)
        return driver.produce(place.topic, shard, [record])
      }).pipe(
        // For people alone.
        Effect.timeoutOption(TELL_LIMIT),
        Effect.ignore
      )
    yield* tell("taken")
    yield* Effect.addFinalizer(() => tell("left"))
    yield* Effect.logInfo("A shard is ours: nobody else writes it any more").pipe(
      Effect.annotateLogs({
        streams: own.now().length,
        instance,
        after: Duration.format(Duration.millis((yield* Clock.currentTimeMillis) - began))
      })
    )
    return yield* Ingest.run.pipe(
      Effect.provide(parts, { local: true }),
      Effect.provideService(KafkaDriver, driver),
      Effect.provideService(Streams.Streams, own),
      Effect.provideService(Instance, instance),
      Effect.provideService(Health, services.health),
      Effect.provideService(Status, services.status),
      Effect.provideService(PendingLimit, most),
      Effect.provideService(Ingest.ParkedLimit, most)
    )
  }, Effect.scoped)

  /** Until another process has it, or it is let go of. */
  const live = Effect.fnUntraced(function* (shard: number) {
    const own = Streams.only(streams, (stream) => shardOf(stream, group.shards) === shard)
    yield* untilSome(own)
    let wait = FIRST_WAIT
    for (;;) {
      const began = yield* Clock.currentTimeMillis
      const exit = yield* Effect.exit(once(shard, own))
      if (Exit.isFailure(exit)) {
        const { cause } = exit
        if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
        if (isFenced(cause)) {
          yield* Metric.update(Telemetry.shardsFenced, 1)
          yield* Effect.logWarning("Another process has taken over a shard: this one lets go of it").pipe(
            Effect.annotateLogs({ reason: reasonOf(cause) })
          )
          return
        }
        yield* Metric.update(Telemetry.shardFailures, 1)
        const ran = Duration.millis((yield* Clock.currentTimeMillis) - began)
        if (Duration.isGreaterThan(ran, WELL_AFTER)) wait = FIRST_WAIT
        yield* Effect.logError("A shard has ended by an error: it begins anew").pipe(
          Effect.annotateLogs({ reason: reasonOf(cause), in: Duration.format(wait) })
        )
      }
      yield* Effect.sleep(Duration.times(wait, 0.5 + (yield* Random.next) / 2))
      wait = Duration.min(Duration.times(wait, 2), LAST_WAIT)
    }
  })

  return (shard: number) =>
    live(shard).pipe(
      Effect.annotateLogs({ shard }),
      Effect.provideService(Metric.CurrentMetricAttributes, { shard: String(shard) })
    )
})
