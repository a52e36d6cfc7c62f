/** A feed that is fed by hand, for tests and for programs that have frames of their own. `MemoryFrames` is its other side. */
import { type Cause, Clock, Context, Effect, Layer, Queue, Stream } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { type FeedError, type FeedNotice, type Frame, MarketFeed, type StreamChange } from "../services/MarketFeed.ts"

export class MemoryFrames extends Context.Service<
  MemoryFrames,
  {
    /** One message, as text or as bytes; `false` once the feed has ended. Suspends while a bounded feed is full. */
    readonly offer: (message: string | Uint8Array) => Effect.Effect<boolean>
    /** One notice, for whoever reads the feed's. */
    readonly notice: (notice: FeedNotice) => Effect.Effect<void>
    /** What the feed was asked to renew, a message each time. */
    readonly renewals: Queue.Dequeue<ReadonlyArray<StreamName>>
    /** What it was told to carry and not to carry any more, a message each time. */
    readonly changes: Queue.Dequeue<StreamChange>
    /** The feed ends behind what was offered. */
    readonly end: Effect.Effect<void>
    /** The feed fails behind what was offered. */
    readonly fail: (error: FeedError) => Effect.Effect<void>
  }
>()("binance-kafka/layers/MemoryFeed/MemoryFrames") {}

const make = Effect.fnUntraced(function* (queue: Queue.Queue<Frame, FeedError | Cause.Done>) {
  const notices = yield* Queue.unbounded<FeedNotice, Cause.Done>()
  const renewals = yield* Queue.unbounded<ReadonlyArray<StreamName>>()
  const changes = yield* Queue.unbounded<StreamChange>()
  const frames = MemoryFrames.of({
    offer: (message) =>
      Effect.flatMap(Clock.currentTimeMillis, (receivedAt) =>
        Queue.offer(queue, { bytes: typeof message === "string" ? Buffer.from(message) : message, receivedAt })
      ),
    notice: (notice) => Effect.asVoid(Queue.offer(notices, notice)),
    renewals,
    changes,
    end: Effect.andThen(Queue.end(queue), Effect.asVoid(Queue.end(notices))),
    fail: (error) => Effect.andThen(Queue.fail(queue, error), Effect.asVoid(Queue.end(notices)))
  })
  const feed = MarketFeed.of({
    frames: () => Stream.fromQueue(queue),
    notices: Stream.fromQueue(notices),
    renew: (streams) => Effect.as(Queue.offer(renewals, streams), { alone: streams, silent: [] }),
    change: (change) => Effect.asVoid(Queue.offer(changes, change)),
    close: frames.end
  })
  return Context.make(MarketFeed, feed).pipe(Context.add(MemoryFrames, frames))
})

/** Takes whatever is offered at once. */
export const layer: Layer.Layer<MarketFeed | MemoryFrames> = Layer.effectContext(
  Effect.flatMap(Queue.unbounded<Frame, FeedError | Cause.Done>(), make)
)

/** Holds at most so many frames: `offer` then waits for the reader, as a socket would. */
export const layerBounded = (capacity: number): Layer.Layer<MarketFeed | MemoryFrames> =>
  Layer.effectContext(Effect.flatMap(Queue.bounded<Frame, FeedError | Cause.Done>(capacity), make))
