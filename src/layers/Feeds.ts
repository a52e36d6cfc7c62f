/** The feed that `FEED` chooses, and the history behind it: a recording has none. */
import { Effect, Layer } from "effect"
import type { FeedName } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import * as BinanceHistory from "./BinanceHistory.ts"
import * as BinanceRest from "./BinanceRest.ts"
import * as BinanceWebSocket from "./BinanceWebSocket.ts"
import * as MemoryHistory from "./MemoryHistory.ts"
import * as ReplayFeed from "./ReplayFeed.ts"

const feeds = {
  binance: Layer.mergeAll(BinanceWebSocket.layer, BinanceHistory.layer, BinanceRest.layer),
  replay: Layer.merge(ReplayFeed.layer, MemoryHistory.none)
} satisfies Record<FeedName, Layer.Any>

export const layer = Layer.unwrap(Effect.map(AppConfig, ({ feed }) => feeds[feed]))
