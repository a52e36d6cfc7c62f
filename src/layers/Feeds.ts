/** The feed that `FEED` chooses. */
import { Effect, Layer } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import * as BinanceWebSocket from "./BinanceWebSocket.ts"
import * as ReplayFeed from "./ReplayFeed.ts"

export const layer = Layer.unwrap(
  Effect.map(AppConfig, ({ feed }) => ({ binance: BinanceWebSocket.layer, replay: ReplayFeed.layer })[feed])
)
