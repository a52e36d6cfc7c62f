/** The feed that `FEED` chooses. */
import { Effect, Layer } from "effect"
import type { FeedName } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import * as BinanceWebSocket from "./BinanceWebSocket.ts"
import * as ReplayFeed from "./ReplayFeed.ts"

const feeds = {
  binance: BinanceWebSocket.layer,
  replay: ReplayFeed.layer
} satisfies Record<FeedName, Layer.Any>

export const layer = Layer.unwrap(Effect.map(AppConfig, ({ feed }) => feeds[feed]))
