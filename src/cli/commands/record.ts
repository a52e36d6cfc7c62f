import { Clock, Data, Effect, Layer, Option, Stream } from "effect"
import { Argument, Flag } from "effect/cli"
import { TIME_SPANS } from "../../schema/timeSpan.ts"
import { MarketFeed } from "../../services/MarketFeed.ts"
import * as Streams from "../../services/Streams.ts"
import { bytesText, countText } from "../amounts.ts"
import { load, make } from "../Command.ts"
import { positive, timeSpan } from "../flags.ts"
import { say, showing, timeLeft } from "../liveLine.ts"
import { Quiet } from "../quiet.ts"

class NothingReceived extends Data.TaggedError("NothingReceived")<{ readonly message: string }> {}

const flags = {
  file: Argument.String("file").pipe(
    Argument.withDescription("Where to: one JSON object a line; packed by zstd where the name ends in .zst")
  ),
  duration: timeSpan("duration").pipe(Flag.withDescription(`End after so long: ${TIME_SPANS}`), Flag.optional),
  frames: positive("frames").pipe(Flag.withDescription("End after so many frames"), Flag.optional),
  force: Flag.Boolean("force").pipe(Flag.withDescription("Overwrite the file if it exists"), Flag.withDefault(false))
}

export const record = make({
  name: "record",
  summary: "Write the raw frames of the settings' streams to a file",
  description: [
    "Write the raw frames of BINANCE_STREAMS to a file, byte for byte, until Ctrl-C. Nothing goes to Kafka.",
    'A line a frame: {"receivedAt":<Unix ms>,"frame":<the frame>}. `replay` reads it.'
  ].join("\n  "),
  examples: [
    ["frames.ndjson", "Until Ctrl-C"],
    ["frames.ndjson.zst --duration 10m", "Ten minutes, packed"],
    ["few.ndjson --frames 1000 --force", "A thousand frames, in the place of an older file"]
  ],
  exits: { 0: "recorded: all asked for, or interrupted; not one frame is 2, and leaves no file" },
  flags,
  untilStopped: true,
  needs: load(() => import("../../layers/BinanceWebSocket.ts")).pipe(
    Layer.provideMerge(
      Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("../../layers/BinanceStreams.ts")),
          ({ layerOnce }) => layerOnce
        )
      )
    ),
    Layer.provide(load(() => import("../../layers/HealthState.ts"))),
    Layer.provideMerge(Quiet)
  ),
  run: Effect.fn("record")(function* ({ duration, file, force, frames: most }) {
    const { create } = yield* Effect.promise(() => import("../../layers/FrameFile.ts"))
    const feed = yield* MarketFeed
    const recording = yield* create(file, force)
    const started = yield* Clock.currentTimeMillis
    let frames = 0
    let bytes = 0

    const line = (seconds: number): string => {
      const share = Math.max(
        Option.match(most, { onNone: () => 0, onSome: (most) => frames / most }),
        Option.match(duration, { onNone: () => 0, onSome: (millis) => (1000 * seconds) / millis })
      )
      return `recording: ${countText(frames, "frame")}, ${bytesText(bytes)}, ${Math.round(frames / seconds)} frames/s${timeLeft(share, seconds)}`
    }
    const finish = Effect.gen(function* () {
      const size = yield* recording.finish
      const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
      if (frames === 0) {
        yield* recording.discard
        return yield* new NothingReceived({
          message: `${file} is not kept: not one frame in ${seconds.toFixed(1)} s; \`check\` says whether the exchange is reached, \`streams\` what can be taken`
        })
      }
      say(`${file}: ${countText(frames, "frame")} in ${seconds.toFixed(1)} s, ${bytesText(size)}`)
    })
    const all = feed.frames((yield* Streams.streams).now())
    const taken = Option.match(most, { onNone: () => all, onSome: (most) => Stream.take(all, most) })
    yield* Option.match(duration, {
      onNone: () => taken,
      onSome: (millis) => Stream.interruptWhen(taken, Effect.sleep(millis))
    }).pipe(
      Stream.runForEachArray((some) =>
        Effect.andThen(
          recording.write(some),
          Effect.sync(() => {
            frames += some.length
            for (const frame of some) bytes += frame.bytes.byteLength
          })
        )
      ),
      showing(line),
      Effect.onExit(() => finish)
    )
    return 0
  }, Effect.scoped)
})
