/** Whether `REPLAY_FILE` holds frames, by the first of them. */
import { Effect, Option, Schema } from "effect"
import { openBlocks } from "../layers/recording/blocks.ts"
import { lineCutter } from "../layers/recording/lines.ts"
import { frameOf } from "../pipeline/Recording.ts"
import type { Settings } from "../schema/Settings.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok } from "./Finding.ts"

/** In so much a first line is looked for. */
const MOST_BLOCKS = 16

const Message = Schema.fromJsonString(Schema.Struct({ stream: Schema.String, data: Schema.Unknown }))
const decodeMessage = Schema.decodeUnknownOption(Message)

/** The first line that holds anything; `undefined` where there is none. */
const firstLine = Effect.fnUntraced(function* (file: string) {
  const blocks = yield* openBlocks(file)
  const lines = lineCutter()
  for (let count = 0; count < MOST_BLOCKS; count++) {
    const block = yield* blocks.next
    const atEnd = block.byteLength === 0
    const line = (atEnd ? [lines.finish()] : lines.cut(block)).find(({ byteLength }) => byteLength > 0)
    if (line !== undefined || atEnd) return line
  }
  return undefined
}, Effect.scoped)

const judge = (file: string, line: Uint8Array | undefined, speed: number): Finding => {
  if (line === undefined) return failed("replay", `REPLAY_FILE: ${file} holds no frame: record another one`)
  const { bytes, receivedAt } = frameOf(line)
  if (Option.isNone(decodeMessage(Buffer.from(bytes).toString()))) {
    return failed(
      "replay",
      `REPLAY_FILE: ${file} does not begin with a WebSocket message of the combined form: name what \`record\` wrote`
    )
  }
  return receivedAt === undefined && speed !== Infinity
    ? failed("replay", `REPLAY_SPEED: ${file} does not say when its frames were received; expected max`)
    : ok("replay", `REPLAY_FILE: ${file} begins with a frame`)
}

export const replay = ({ replayFile, replaySpeed }: Settings): Check => ({
  subject: "replay",
  variables: ["REPLAY_", "FEED"],
  findings: Option.match(replayFile, {
    onNone: () => Effect.succeed([]),
    onSome: (file) =>
      firstLine(file).pipe(
        Effect.match({
          onSuccess: (line) => [judge(file, line, replaySpeed)],
          onFailure: ({ message }) => [failed("replay", message)]
        })
      )
  })
})
