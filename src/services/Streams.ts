/**
 * Which streams are wanted, and how that changes while the program runs: symbols are listed and delisted, a file is edited, a
 * signal comes. Who carries them follows; whatever else must know a stream's name asks. A stream that comes back is the same
 * object as before. Layers: `MemoryStreams`, `BinanceStreams`; without one, the streams of the settings, for good.
 */
import { Context, Effect, type Scope, Stream } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "./AppConfig.ts"

/** Those that come and those that go, at once. */
export interface Change {
  readonly joined: ReadonlyArray<StreamName>
  readonly left: ReadonlyArray<StreamName>
  /** For people: why. */
  readonly reason: string
}

export interface Followed {
  /** Those that are wanted as the following begins. */
  readonly streams: ReadonlyArray<StreamName>
  /** Every change from then on, in order. Run it once. */
  readonly changes: Stream.Stream<Change>
}

export interface StreamsService {
  /** Those that are wanted now; the same array as long as these are the same. */
  readonly now: () => ReadonlyArray<StreamName>
  /** All that were ever wanted, likewise; it only grows. What has left has records on their way, and may come back. */
  readonly known: () => ReadonlyArray<StreamName>
  readonly follow: Effect.Effect<Followed, never, Scope.Scope>
}

export class Streams extends Context.Reference<StreamsService | undefined>("binance-kafka/services/Streams", {
  defaultValue: () => undefined
}) {}

/** Streams that never change. */
export const fixed = (streams: ReadonlyArray<StreamName>): StreamsService => ({
  now: () => streams,
  known: () => streams,
  follow: Effect.succeed({ streams, changes: Stream.never })
})

/** Filters anew only what has changed: the same array stands for the same streams. */
const filtered = (read: () => ReadonlyArray<StreamName>, isOurs: (stream: StreamName) => boolean) => {
  let all = read()
  let ours = all.filter(isOurs)
  return (): ReadonlyArray<StreamName> => {
    if (read() !== all) {
      all = read()
      ours = all.filter(isOurs)
    }
    return ours
  }
}

/** Only those of them that are ours. */
export const only = (
  { follow, known, now }: StreamsService,
  isOurs: (stream: StreamName) => boolean
): StreamsService => ({
  now: filtered(now, isOurs),
  known: filtered(known, isOurs),
  follow: Effect.map(follow, ({ changes, streams }) => ({
    streams: streams.filter(isOurs),
    changes: changes.pipe(
      Stream.map(({ joined, left, reason }) => ({ joined: joined.filter(isOurs), left: left.filter(isOurs), reason })),
      Stream.filter(({ joined, left }) => joined.length + left.length > 0)
    )
  }))
})

/** The streams that this program is to carry. */
export const streams: Effect.Effect<StreamsService, never, AppConfig> = Effect.gen(function* () {
  return (yield* Streams) ?? fixed((yield* AppConfig).binance.streams)
})
