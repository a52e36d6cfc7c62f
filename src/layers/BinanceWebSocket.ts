/**
 * The exchange's public streams over `ws`. Streams are spread over connections, each of them once on every line; a connection
 * is kept up, and replaced before its time, for as long as the feed is open.
 */
import { type Cause, Effect, FiberSet, Layer, Queue, Stream } from "effect"
import * as Linger from "../pipeline/linger.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { type FeedNotice, MarketFeed } from "../services/MarketFeed.ts"
import * as Fleet from "./binance/Fleet.ts"
import * as Gate from "./binance/Gate.ts"
import * as Inbox from "./binance/Inbox.ts"

export const layer = Layer.effect(
  MarketFeed,
  Effect.gen(function* () {
    const { batch, binance } = yield* AppConfig
    const inbox = yield* Inbox.make(Linger.forFrames(batch.timeout))
    const notices = yield* Queue.unbounded<FeedNotice, Cause.Done>()
    const keepers = yield* FiberSet.make<never, never>()
    const fleet = yield* Fleet.make(binance, {
      inbox,
      gate: (yield* Gate.SharedGate) ?? (yield* Gate.make(binance.reconnectMaxDelay)),
      health: yield* Health,
      notify: (notice) => Effect.asVoid(Queue.offer(notices, notice)),
      start: (keeper) => FiberSet.run(keepers, keeper.run.pipe(Effect.onError(inbox.fail)))
    })
    return MarketFeed.of({
      frames: (streams) => Stream.unwrap(Effect.as(fleet.start(streams), inbox.frames)),
      hasGathered: true,
      notices: Stream.fromQueue(notices),
      renew: fleet.renew,
      change: (change) => Effect.andThen(fleet.change(change), inbox.passed),
      close: FiberSet.clear(keepers).pipe(Effect.andThen(inbox.end), Effect.andThen(Queue.end(notices)), Effect.asVoid)
    })
  })
)
