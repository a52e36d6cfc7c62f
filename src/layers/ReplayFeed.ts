/**
 * Frames from a recording: `REPLAY_FILE` holds one WebSocket message of the combined form a line, bytes as they came, by
 * itself or with the moment of receipt (`pipeline/Recording`), which the frame then keeps. Read a block at a time, at
 * `REPLAY_SPEED`; ends with the file.
 */
import { Clock, Deferred, Effect, Layer, Option, Stream } from "effect"
import { frameOf, type RecordedFrame } from "../pipeline/Recording.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { FeedError, type Frame, MarketFeed } from "../services/MarketFeed.ts"
import { ReplayProgress } from "../services/ReplayProgress.ts"
import { openBlocks } from "./recording/blocks.ts"
import { lineCutter } from "./recording/lines.ts"
import { pace } from "./recording/pace.ts"

/** No message is near this; without a bound, a file that has no lines would fill the memory. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

export const layer: Layer.Layer<MarketFeed, FeedError, AppConfig | Health> = Layer.effect(
  MarketFeed,
  Effect.gen(function* () {
    const { replayFile, replaySpeed } = yield* AppConfig
    const health = yield* Health
    const report = yield* ReplayProgress
    const closed = yield* Deferred.make<void>()
    if (Option.isNone(replayFile)) {
      return yield* new FeedError({ message: "REPLAY_FILE is not set: FEED=replay needs the recording to read" })
    }
    const file = replayFile.value
    const untimed = new FeedError({
      message: `REPLAY_SPEED: ${file} does not say when its frames were received; expected max, for example REPLAY_SPEED=max`
    })

    const framesOf = Effect.fnUntraced(function* (lines: ReadonlyArray<Uint8Array>) {
      const now = yield* Clock.currentTimeMillis
      const recorded: ReadonlyArray<RecordedFrame> = lines.filter((line) => line.byteLength > 0).map(frameOf)
      if (replaySpeed !== Infinity && recorded.some(({ receivedAt }) => receivedAt === undefined)) return yield* untimed
      return recorded.map(({ bytes, receivedAt = now }): Frame => ({ bytes, receivedAt }))
    })

    const asRead = Stream.unwrap(
      Effect.gen(function* () {
        const blocks = yield* openBlocks(file)
        yield* health.connection("replay", { state: "up", detail: `reading ${file}` })
        const lines = lineCutter()
        let frames = 0
        const readBlock = Effect.raceFirst(
          Effect.asSome(blocks.next),
          Effect.as(Deferred.await(closed), Option.none<Uint8Array>())
        )

        return Stream.paginate(undefined, () =>
          Effect.gen(function* () {
            const block = yield* readBlock
            if (Option.isNone(block)) return [[], Option.none()] as const
            const atEnd = block.value.byteLength === 0
            const complete = atEnd ? [lines.finish()] : lines.cut(block.value)
            if (lines.unfinished() > MAX_LINE_BYTES) {
              return yield* new FeedError({
                message: `REPLAY_FILE: ${file} has a line of more than 64 MiB; expected one WebSocket message a line`
              })
            }
            const some = yield* framesOf(complete)
            frames += some.length
            report({ read: blocks.read(), size: blocks.size, frames })
            return [some, atEnd ? Option.none() : Option.some(undefined)] as const
          })
        )
      })
    )

    return MarketFeed.of({
      frames: () =>
        replaySpeed === Infinity ? asRead : Stream.interruptWhen(pace(replaySpeed)(asRead), Deferred.await(closed)),
      notices: Stream.empty,
      change: () => Effect.void,
      renew: () => Effect.succeed({ alone: [], silent: [] }),
      close: Effect.asVoid(Deferred.succeed(closed, undefined))
    })
  })
)
