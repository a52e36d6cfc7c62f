/**
 * Applies a change of the streams while all others flow on. Those that come go on where their topic stands, as at a start, and
 * are known before anything of them can arrive; those that go are left by the feed first, and forgotten when what was read of
 * them is published. One change after the other.
 */
import { Effect, type Semaphore } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import type { MarketFeed } from "../services/MarketFeed.ts"
import { Status } from "../services/Status.ts"
import type { Change } from "../services/Streams.ts"
import type * as Chunks from "./Chunks.ts"
import type { Statement } from "./ContinuityRecord.ts"
import type * as GapReport from "./GapReport.ts"
import { namesOf } from "./namesOf.ts"
import * as Refill from "./Refill.ts"
import type { Resume } from "./Resume.ts"
import type { Ordered, Sequencer } from "./Sequencer.ts"
import type { Position } from "./Standing.ts"
import type { Watch } from "./Watch.ts"

export interface Options {
  readonly feed: Pick<MarketFeed["Service"], "change">
  readonly sequencer: Sequencer
  readonly chunks: Pick<Effect.Success<ReturnType<typeof Chunks.make>>, "join" | "leave">
  readonly watch: Pick<Watch, "join" | "leave">
  readonly report: Pick<Effect.Success<typeof GapReport.make>, "leave">
  readonly resume: Pick<Resume, "join" | "isKept">
  /** Goes on from there in its turn. */
  readonly goOn: (positions: ReadonlyMap<string, Position>) => Effect.Effect<void>
  /** One at a time: order is made in it. */
  readonly turn: Semaphore.Semaphore
  readonly publish: (ordered: Ordered) => Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* (options: Options) {
  const { chunks, feed, goOn, publish, report, resume, sequencer, turn, watch } = options
  const status = yield* Status

  const noteOf = (type: "joined" | "left", stream: StreamName, reason: string): Statement => ({
    type,
    stream: stream.name,
    symbol: stream.symbol ?? null,
    from: null,
    to: type === "left" ? (sequencer.last(stream) ?? null) : null,
    reason,
    late: false
  })

  const join = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>, reason: string) {
    const positions = yield* resume.join(
      streams.filter((stream) => !sequencer.remembers(stream)),
      goOn
    )
    yield* Effect.gen(function* () {
      yield* chunks.join(streams)
      watch.join(streams)
      status.joined(streams.map(({ name }) => name))
      sequencer.join(streams, yield* Refill.now)
      const ordered = sequencer.resume(positions)
      ordered.notes.push(...streams.map((stream) => noteOf("joined", stream, reason)))
      yield* publish(ordered)
    }).pipe(turn.withPermit, Effect.uninterruptible)
  })

  const leave = Effect.fnUntraced(
    function* (streams: ReadonlyArray<StreamName>, reason: string) {
      const ordered = sequencer.leave(streams, resume.isKept)
      ordered.notes.push(...streams.map((stream) => noteOf("left", stream, reason)))
      yield* publish(ordered)
      yield* chunks.leave(streams)
      yield* watch.leave(streams)
      yield* report.leave(streams)
      status.left(streams.map(({ name }) => name))
    },
    turn.withPermit,
    Effect.uninterruptible
  )

  return Effect.fnUntraced(
    function* ({ joined, left, reason }: Change) {
      if (joined.length > 0) yield* join(joined, reason)
      yield* feed.change({ added: joined, removed: left })
      if (left.length > 0) yield* leave(left, reason)
      yield* Effect.logInfo("The streams have changed").pipe(
        Effect.annotateLogs({
          reason,
          ...(joined.length > 0 ? { joined: joined.length, joinedNames: namesOf(joined) } : {}),
          ...(left.length > 0 ? { left: left.length, leftNames: namesOf(left) } : {})
        })
      )
    },
    Effect.withSpan("change streams", { root: true })
  )
})
