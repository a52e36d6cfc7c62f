/** Frames at the pace at which they were received, or a multiple of it. */
import { Clock, Effect, Option, Stream } from "effect"
import type { Frame } from "../../services/MarketFeed.ts"

/** Frames due within so much come together. */
const SLICE_MS = 5

/** `speed` times as fast; a consumer that is slower gets what is overdue at once. */
export const pace =
  (speed: number) =>
  <E>(frames: Stream.Stream<Frame, E>): Stream.Stream<Frame, E> =>
    Stream.suspend(() => {
      let start: { readonly at: number; readonly receivedAt: number } | undefined

      /** Those of them that are due first, when they are. */
      const next = Effect.fnUntraced(function* (frames: ReadonlyArray<Frame>) {
        const now = yield* Clock.currentTimeMillis
        const [first] = frames
        if (first === undefined) return [frames, Option.none<ReadonlyArray<Frame>>()] as const
        const { at, receivedAt: from } = (start ??= { at: now, receivedAt: first.receivedAt })
        const dueAt = ({ receivedAt }: Frame): number => at + (receivedAt - from) / speed
        const due = Math.max(now, dueAt(first))
        yield* Effect.sleep(due - now)
        const later = frames.findIndex((frame) => dueAt(frame) > due + SLICE_MS)
        return later === -1
          ? ([frames, Option.none()] as const)
          : ([frames.slice(0, later), Option.some(frames.slice(later))] as const)
      })

      return frames.pipe(
        Stream.chunks,
        Stream.flatMap((chunk) => Stream.paginate<ReadonlyArray<Frame>, Frame>(chunk, next))
      )
    })
