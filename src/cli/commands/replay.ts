import { Clock, Effect, Option, Result } from "effect"
import { Argument, Flag } from "effect/cli"
import { sinkNames } from "../../schema/Settings.ts"
import { binance } from "../../schema/settings/binance.ts"
import { ReplayProgress } from "../../services/ReplayProgress.ts"
import { bytesText, countText } from "../amounts.ts"
import { launched } from "../Command.ts"
import { parsed } from "../flags.ts"
import { say } from "../liveLine.ts"
import * as Progress from "../Progress.ts"
import { QUIET } from "../quiet.ts"

/** As the setting takes it. */
const checkedSpeed = (text: string): Result.Result<string, string> =>
  Result.mapBoth(binance.replaySpeed.parse(text), {
    onFailure: () => binance.replaySpeed.expected,
    onSuccess: () => text
  })

const flags = {
  file: Argument.String("file").pipe(
    Argument.withDescription(
      "What `record` wrote, or one WebSocket message of the combined form a line; zstd where it ends in .zst"
    )
  ),
  speed: Flag.String("speed").pipe(
    parsed(checkedSpeed),
    Flag.withDescription(
      "1: as the frames were received; 10: ten times as fast; max: as fast as they are taken; 1 if not said"
    ),
    Flag.withDefault("1")
  ),
  sink: Flag.Literals("sink", sinkNames).pipe(
    Flag.withDescription("Where records go, in the place of SINK"),
    Flag.optional
  )
}

/** `FEED=replay` by another name: the same pipeline, the same sinks. */
export const replay = launched(
  {
    name: "replay",
    summary: "Send recorded frames through the pipeline, at any speed",
    description: [
      "Send recorded frames through the same pipeline into the sink of the settings, with the moment of receipt that the",
      "recording has. BINANCE_STREAMS has to name the streams in it: a frame of another one is a dead letter.",
      "It begins at the file's beginning, whatever the topics hold already: give it topics of its own by TOPIC_PREFIX,",
      "unless doubles are wanted. It has neither spool nor HTTP server; FEED=replay, REPLAY_FILE and REPLAY_SPEED do the",
      "same as settings of `run`."
    ].join("\n  "),
    examples: [
      ["frames.ndjson --sink console", "Records on stdout, at the original speed"],
      ["frames.ndjson.zst --speed max --sink local", "Into the local log of DATA_DIR, as fast as it takes them"],
      ["frames.ndjson --speed 10", "Into the Kafka of the settings, ten times as fast"]
    ],
    exits: {
      0: "replayed to the end, or stopped: everything read is stored",
      1: "anything else; the last line on stderr says why",
      2: "wrong usage",
      130: "stopped a second time, before everything was stored"
    },
    flags
  },
  async ({ file, sink, speed }) => {
    const [{ connector }, AppConfig, Launch] = await Promise.all([
      import("../../Connector.ts"),
      import("../../layers/AppConfig.ts"),
      import("../../layers/Launch.ts")
    ])
    const progress = Progress.make({ doing: "replaying", amount: bytesText })
    let frames = 0
    const settings = AppConfig.layerOver(
      {
        FEED: "replay",
        REPLAY_FILE: file,
        REPLAY_SPEED: speed,
        HTTP_PORT: "0",
        SPOOL: "off",
        GROUP_ID: "",
        ...Option.match(sink, { onNone: () => ({}), onSome: (SINK) => ({ SINK }) })
      },
      QUIET
    )
    const replaying = Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      yield* progress.during(connector(settings))
      const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
      say(`${file}: ${countText(frames, "frame")} replayed in ${seconds.toFixed(1)} s`)
    })
    Launch.main(
      Effect.provideService(replaying, ReplayProgress, (state) => {
        frames = state.frames
        progress.update(state.read, state.size)
      })
    )
  }
)
