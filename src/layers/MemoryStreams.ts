/** Streams that are changed by hand: for tests, for programs that decide by themselves, and what other layers keep them in. */
import { Context, Effect, Layer, PubSub, Semaphore, Stream } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { type Change, Streams, type StreamsService } from "../services/Streams.ts"

export interface Held extends StreamsService {
  /** From now on these are wanted; what that changes, if anything. */
  readonly set: (streams: ReadonlyArray<StreamName>, reason: string) => Effect.Effect<Change>
}

/** Its other side. */
export class StreamsControl extends Context.Service<StreamsControl, Pick<Held, "set">>()(
  "binance-kafka/layers/MemoryStreams/StreamsControl"
) {}

/** What would come and go. */
export const difference = (
  before: ReadonlyArray<StreamName>,
  after: ReadonlyArray<StreamName>
): Pick<Change, "joined" | "left"> => {
  const old = new Set(before.map(({ name }) => name))
  const fresh = new Set(after.map(({ name }) => name))
  return {
    joined: after.filter(({ name }) => !old.has(name)),
    left: before.filter(({ name }) => !fresh.has(name))
  }
}

export const make = Effect.fnUntraced(function* (initial: ReadonlyArray<StreamName>): Effect.fn.Return<Held> {
  const changes = yield* PubSub.unbounded<Change>()
  const turn = yield* Semaphore.make(1)
  const byName = new Map(initial.map((stream) => [stream.name, stream]))
  let known: ReadonlyArray<StreamName> = [...byName.values()]
  let wanted = known

  return {
    now: () => wanted,
    known: () => known,
    // A change is either in the streams or among the changes.
    follow: Effect.map(PubSub.subscribe(changes), (subscription) => ({
      streams: wanted,
      changes: Stream.fromSubscription(subscription)
    })).pipe(turn.withPermit),
    set: Effect.fnUntraced(function* (streams, reason) {
      for (const stream of streams) if (!byName.has(stream.name)) byName.set(stream.name, stream)
      if (byName.size > known.length) known = [...byName.values()]
      const next = streams.map((stream) => byName.get(stream.name) ?? stream)
      const change = { ...difference(wanted, next), reason }
      wanted = next
      if (change.joined.length + change.left.length > 0) yield* PubSub.publish(changes, change)
      return change
    }, turn.withPermit)
  }
})

export const layer = (initial: ReadonlyArray<StreamName>): Layer.Layer<StreamsControl> =>
  Layer.effectContext(
    Effect.map(make(initial), (held) => Context.make(StreamsControl, held).pipe(Context.add(Streams, held)))
  )
