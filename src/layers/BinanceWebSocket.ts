/**
 * The exchange's public streams over `ws`. Streams are spread over connections; each connects again by itself, with back-off,
 * for as long as the feed is open.
 */
import { Effect, FiberSet, Layer, Metric, Stream } from "effect"
import { type ConnectionPlan, plan } from "../pipeline/Subscriptions.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { MarketFeed } from "../services/MarketFeed.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as Backoff from "./binance/Backoff.ts"
import * as Connection from "./binance/Connection.ts"
import * as Inbox from "./binance/Inbox.ts"

export const layer = Layer.effect(
  MarketFeed,
  Effect.gen(function* () {
    const { binance } = yield* AppConfig
    const health = yield* Health
    const inbox = yield* Inbox.make

    /** Keeps one connection up until interrupted. */
    const keepUp = Effect.fnUntraced(function* (plan: ConnectionPlan) {
      const backoff = yield* Backoff.make(binance.reconnectMaxDelay)
      let live = false
      const liveNow = (state: boolean) =>
        Effect.suspend(() => {
          const change = Number(state) - Number(live)
          live = state
          return change === 0 ? Effect.void : Metric.modify(Telemetry.connectionsLive, change)
        })

      yield* health.connection(plan.name, { state: "starting", detail: "connecting" })
      return yield* Connection.run(plan, inbox, {
        ...binance,
        onData: Effect.all(
          [
            backoff.dataFlows,
            liveNow(true),
            health.connection(plan.name, { state: "up", detail: `${plan.streams.length} streams` }),
            Effect.logInfo("Data flows")
          ],
          { discard: true }
        )
      }).pipe(
        Effect.tapError(
          Effect.fnUntraced(function* ({ message, reason }) {
            yield* liveNow(false)
            yield* Metric.update(Metric.withAttributes(Telemetry.reconnects, { reason }), 1)
            yield* health.connection(plan.name, { state: "down", detail: message })
            yield* Effect.logWarning("Disconnected: connecting again").pipe(
              Effect.annotateLogs({ connection: plan.name, reason, detail: message })
            )
          })
        ),
        Effect.ensuring(liveNow(false)),
        Effect.retry(backoff.schedule),
        // The schedule has no end.
        Effect.orDie
      )
    })

    const connections = yield* FiberSet.make<never, never>()
    const start = Effect.forEach(
      plan(binance.wsUrl, binance.streams),
      (one) => FiberSet.run(connections, keepUp(one).pipe(Effect.onError(inbox.fail))),
      { discard: true }
    )
    return MarketFeed.of({
      frames: Stream.unwrap(Effect.as(start, inbox.frames)),
      notices: Stream.empty,
      renew: () => Effect.void,
      close: Effect.andThen(FiberSet.clear(connections), inbox.end)
    })
  })
)
