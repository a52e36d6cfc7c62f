/**
 * Frames from a recording: `REPLAY_FILE` holds one WebSocket message of the combined form a line, bytes as they came. Read
 * as fast as the pipeline takes them, a block at a time; ends with the file.
 */
import { open } from "node:fs/promises"
import { Clock, Deferred, Effect, Layer, Option, Predicate, Stream } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { FeedError, type Frame, MarketFeed } from "../services/MarketFeed.ts"

const BLOCK_BYTES = 256 * 1024
/** No message is near this; without a bound, a file that has no lines would fill the memory. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

const LF = 0x0a
const CR = 0x0d

/** Cuts blocks into lines, bytes untouched; LF or CRLF ends one. A line may go over many blocks. */
const lineCutter = () => {
  let parts: Array<Uint8Array> = []
  let length = 0

  const add = (part: Uint8Array) => {
    parts.push(part)
    length += part.byteLength
  }
  const finish = (): Uint8Array => {
    const [only] = parts
    const line = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
    parts = []
    length = 0
    return line.at(-1) === CR ? line.subarray(0, -1) : line
  }

  return {
    /** The lines that end in the block. */
    cut: (block: Uint8Array): Array<Uint8Array> => {
      const lines: Array<Uint8Array> = []
      let from = 0
      for (let end = block.indexOf(LF); end !== -1; end = block.indexOf(LF, from)) {
        add(block.subarray(from, end))
        lines.push(finish())
        from = end + 1
      }
      if (from < block.byteLength) add(block.subarray(from))
      return lines
    },
    /** The line behind the last line's end; empty if there is none. */
    finish,
    unfinished: () => length
  }
}

export const layer: Layer.Layer<MarketFeed, FeedError, AppConfig | Health> = Layer.effect(
  MarketFeed,
  Effect.gen(function* () {
    const { replayFile } = yield* AppConfig
    const health = yield* Health
    const closed = yield* Deferred.make<void>()
    if (Option.isNone(replayFile)) {
      return yield* new FeedError({ message: "REPLAY_FILE is not set: FEED=replay needs the recording to read" })
    }
    const file = replayFile.value
    const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, FeedError> =>
      Effect.tryPromise({
        try: body,
        catch: (cause) => {
          const reason = Predicate.isError(cause) ? cause.message : String(cause)
          return new FeedError({ message: `REPLAY_FILE: cannot read ${file}: ${reason}`, cause })
        }
      })

    const frames = Stream.unwrap(
      Effect.gen(function* () {
        const handle = yield* Effect.acquireRelease(
          attempt(() => open(file)),
          (handle) => Effect.promise(() => handle.close()).pipe(Effect.timeoutOption("1 second"))
        )
        yield* health.connection("replay", { state: "up", detail: `reading ${file}` })
        const lines = lineCutter()

        // A block of its own for every read: frames are views into it.
        const readBlock = attempt(() => handle.read(Buffer.allocUnsafeSlow(BLOCK_BYTES), 0, BLOCK_BYTES, null)).pipe(
          Effect.map(({ buffer, bytesRead }) => Option.some(buffer.subarray(0, bytesRead))),
          Effect.raceFirst(Effect.as(Deferred.await(closed), Option.none()))
        )
        const framesOf = (lines: ReadonlyArray<Uint8Array>): Effect.Effect<ReadonlyArray<Frame>> =>
          Effect.map(Clock.currentTimeMillis, (receivedAt) =>
            lines.filter((line) => line.byteLength > 0).map((bytes) => ({ bytes, receivedAt }))
          )

        return Stream.paginate(undefined, () =>
          Effect.gen(function* () {
            const block = yield* readBlock
            if (Option.isNone(block)) return [[], Option.none()] as const
            if (block.value.byteLength === 0) return [yield* framesOf([lines.finish()]), Option.none()] as const
            const complete = lines.cut(block.value)
            if (lines.unfinished() > MAX_LINE_BYTES) {
              return yield* new FeedError({
                message: `REPLAY_FILE: ${file} has a line of more than 64 MiB; expected one WebSocket message a line`
              })
            }
            return [yield* framesOf(complete), Option.some(undefined)] as const
          })
        )
      })
    )

    return MarketFeed.of({
      frames,
      notices: Stream.empty,
      renew: () => Effect.void,
      close: Effect.asVoid(Deferred.succeed(closed, undefined))
    })
  })
)
