/** The exchange's feed as a test runs it: what it delivers, says and logs, each in a queue. */
import { Context, Duration, Effect, Exit, Layer, Queue, Scope, Stream } from "effect"
import * as BinanceWebSocket from "../../src/layers/BinanceWebSocket.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import { AppConfig } from "../../src/services/AppConfig.ts"
import { Health } from "../../src/services/Health.ts"
import { type FeedNotice, MarketFeed } from "../../src/services/MarketFeed.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import * as LogProbe from "./logProbe.ts"
import { testSettings } from "./settings.ts"

export interface Delivered {
  readonly stream: string
  readonly data: Readonly<Record<string, unknown>>
}

export type Logged = Queue.Dequeue<LogProbe.Logged>

/** Runs until the test's scope closes; everything that arrived is also kept in `all`. `pace` runs after each chunk. */
export const start = Effect.fnUntraced(function* (
  binance: Partial<Settings["binance"]>,
  pace: Effect.Effect<void> = Effect.void
) {
  const base = testSettings()
  const log = yield* LogProbe.make
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    BinanceWebSocket.layer.pipe(
      Layer.provideMerge(HealthState.layer),
      Layer.provide(Layer.succeed(AppConfig, { ...base, binance: { ...base.binance, ...binance } })),
      Layer.provideMerge(log.layer)
    ),
    scope
  )
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const feed = Context.get(context, MarketFeed)
  const delivered = yield* Queue.unbounded<Delivered>()
  const notices = yield* Queue.unbounded<FeedNotice>()
  const all: Array<Delivered> = []
  yield* feed.frames(binance.streams ?? base.binance.streams).pipe(
    Stream.runForEachArray((frames) => {
      const chunk = frames.map(({ bytes }): Delivered => JSON.parse(new TextDecoder().decode(bytes)))
      all.push(...chunk)
      return Effect.andThen(Queue.offerAll(delivered, chunk), pace)
    }),
    Effect.provide(log.layer),
    Effect.forkScoped
  )
  const reader = yield* feed.notices.pipe(
    Stream.runForEach((notice) => Queue.offer(notices, notice)),
    Effect.forkScoped
  )
  return { feed, delivered, notices, all, logged: log.events, health: Context.get(context, Health), noticesEnd: reader }
})

/** The next log line of the message. */
export const lineOf = (logged: Logged, message: string) =>
  Effect.repeat(Queue.take(logged), { until: (line) => line.message.includes(message) })

/** Waits for data of a stream that has not been taken yet. */
export const dataOf = (delivered: Queue.Dequeue<Delivered>, stream: string) =>
  Effect.repeat(Queue.take(delivered), { until: (one) => one.stream === stream })

/** An exchange of two symbols. */
export const exchange = (options: Partial<Simulator.SimulatorOptions> = {}) =>
  Simulator.make({ symbols: ["BTCUSDT", "ETHUSDT"], rate: 300, ...options })

/** The settings of who goes to these. */
export const at = (...simulators: ReadonlyArray<Simulator.Simulator>) => {
  const [first, ...others] = simulators.map(({ wsUrl }) => new URL(wsUrl))
  return { wsUrls: [first!, ...others], reconnectMaxDelay: Duration.millis(50) } as const
}

/** What was logged but what is usual. */
export const warnings = Effect.fnUntraced(function* (logged: Logged) {
  return (yield* Queue.clear(logged)).filter(({ level }) => level !== "Info")
})
