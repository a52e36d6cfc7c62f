/** A feed that is fed by hand, for tests and for programs that have frames of their own. `MemoryFrames` is its other side. */
import { type Cause, Clock, Context, Effect, Layer, Queue, Stream } from "effect"
import { type FeedError, type Frame, MarketFeed } from "../services/MarketFeed.ts"

export class MemoryFrames extends Context.Service<
  MemoryFrames,
  {
    /** One message, as text or as bytes; `false` once the feed has ended. Suspends while a bounded feed is full. */
    readonly offer: (message: string | Uint8Array) => Effect.Effect<boolean>
    /** The feed ends behind what was offered. */
    readonly end: Effect.Effect<void>
    /** The feed fails behind what was offered. */
    readonly fail: (error: FeedError) => Effect.Effect<void>
  }
>()("binance-kafka/layers/MemoryFeed/MemoryFrames") {}

const make = (queue: Queue.Queue<Frame, FeedError | Cause.Done>): Context.Context<MarketFeed | MemoryFrames> => {
  const frames = MemoryFrames.of({
    offer: (message) =>
      Effect.flatMap(Clock.currentTimeMillis, (receivedAt) =>
        Queue.offer(queue, { bytes: typeof message === "string" ? Buffer.from(message) : message, receivedAt })
      ),
    end: Effect.asVoid(Queue.end(queue)),
    fail: (error) => Effect.asVoid(Queue.fail(queue, error))
  })
  const feed = MarketFeed.of({ frames: Stream.fromQueue(queue), close: frames.end })
  return Context.make(MarketFeed, feed).pipe(Context.add(MemoryFrames, frames))
}

/** Takes whatever is offered at once. */
export const layer: Layer.Layer<MarketFeed | MemoryFrames> = Layer.effectContext(
  Effect.map(Queue.unbounded<Frame, FeedError | Cause.Done>(), make)
)

/** Holds at most so many frames: `offer` then waits for the reader, as a socket would. */
export const layerBounded = (capacity: number): Layer.Layer<MarketFeed | MemoryFrames> =>
  Layer.effectContext(Effect.map(Queue.bounded<Frame, FeedError | Cause.Done>(capacity), make))
