/**
 * Where frames come from: the exchange, a recording, a test. A feed owns its connections; it reconnects by itself and ends
 * only when it has no more to give. A consumer that is slower than the feed makes it read slower: nothing is dropped.
 * Its connections close with `close`, or with its scope. Layers: `BinanceWebSocket`, `ReplayFeed`, `MemoryFeed`.
 */
import { Context, type Effect, Schema, type Stream } from "effect"

/** One WebSocket message, bytes as received. */
export interface Frame {
  readonly bytes: Uint8Array
  /** When it was read from the socket, Unix ms by our clock. */
  readonly receivedAt: number
}

/** The feed cannot go on, and trying again would not help. */
export class FeedError extends Schema.TaggedError<FeedError>()("FeedError", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export class MarketFeed extends Context.Service<
  MarketFeed,
  {
    /** Frames in the order received on each connection, chunked as they arrived. Run it once. */
    readonly frames: Stream.Stream<Frame, FeedError>
    /** Closes the connections; `frames` still gives what was read before, and ends. */
    readonly close: Effect.Effect<void>
  }
>()("binance-kafka/services/MarketFeed") {}
