/**
 * Where frames come from: the exchange, a recording, a test. A feed owns its connections; it reconnects by itself and ends
 * only when it has no more to give. A consumer that is slower than the feed makes it read slower: nothing is dropped. Where
 * connections overlap, an event comes more than once: whoever reads drops the doubles.
 * Its connections close with `close`, or with its scope. Layers: `BinanceWebSocket`, `ReplayFeed`, `MemoryFeed`.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { StreamName } from "../schema/StreamName.ts"

/** One WebSocket message, bytes as received. */
export interface Frame {
  readonly bytes: Uint8Array
  /** When it was read from the socket, Unix ms by our clock. */
  readonly receivedAt: number
}

/** Something that happened to the connections, for the continuity topic. */
export interface FeedNotice {
  /** Another connection took over: nothing was lost, for both were open for a while. */
  readonly type: "rollover"
  readonly connection: string
  readonly streams: ReadonlyArray<StreamName>
  readonly reason: string
  /** Both were open between these, Unix ms. */
  readonly from: number
  readonly to: number
}

/** Streams that were asked for anew; those whose connection is away, which asks for all of them by itself, are not among them. */
export interface Renewed {
  /** Others come on their connection. */
  readonly alone: ReadonlyArray<StreamName>
  /** Nothing at all comes on their connection. */
  readonly silent: ReadonlyArray<StreamName>
}

/** Streams that come, and streams that go. */
export interface StreamChange {
  readonly added: ReadonlyArray<StreamName>
  readonly removed: ReadonlyArray<StreamName>
}

/** The feed cannot go on, and trying again would not help. */
export class FeedError extends Schema.TaggedError<FeedError>()("FeedError", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export class MarketFeed extends Context.Service<
  MarketFeed,
  {
    /**
     * Frames in the order received on each connection, chunked as they arrived: of these streams to begin with. Run it once. A
     * recording has those that it has.
     */
    readonly frames: (streams: ReadonlyArray<StreamName>) => Stream.Stream<Frame, FeedError>
    /** They have waited for others already, within `BATCH_TIMEOUT_MS`: what is made of them need not wait once more. */
    readonly hasGathered?: boolean
    /** Ends with the feed. Run it once. */
    readonly notices: Stream.Stream<FeedNotice>
    /**
     * Asks anew for streams that seem mute: by UNSUBSCRIBE and SUBSCRIBE on their connection the first time, on a fresh
     * connection if asked again within 10 minutes. Does not wait for the exchange; streams that are not the feed's are ignored.
     */
    readonly renew: (streams: ReadonlyArray<StreamName>) => Effect.Effect<Renewed>
    /**
     * Carries these as well and those no more, while all others flow on untouched. Completes when the exchange has acknowledged
     * it and what was read of those that go has come out of `frames`; a connection that is away asks for the right ones when it
     * is back.
     */
    readonly change: (change: StreamChange) => Effect.Effect<void>
    /** Closes the connections; `frames` still gives what was read before, and ends. */
    readonly close: Effect.Effect<void>
  }
>()("binance-kafka/services/MarketFeed") {}
