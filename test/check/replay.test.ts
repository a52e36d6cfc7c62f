import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { replay } from "../../src/check/replay.ts"
import { testSettings } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const FRAME = '{"stream":"btcusdt@trade","data":{}}'

const look = Effect.fnUntraced(function* (content: string, replaySpeed = Infinity, name = "a.ndjson") {
  const file = join(yield* temporaryFolder, name)
  writeFileSync(file, content)
  const [found] = yield* replay(testSettings({ feed: "replay", replayFile: Option.some(file), replaySpeed })).findings
  return `${found?.status} ${found?.says.replace(file, "it")}`
})

describe("check: the recording", () => {
  it.live("is one by its first frame", () =>
    Effect.gen(function* () {
      for (const content of [FRAME, `\n${FRAME}\nmore`, `{"receivedAt":1,"frame":${FRAME}}\n`]) {
        assert.strictEqual(yield* look(content), "ok REPLAY_FILE: it begins with a frame")
      }
    })
  )

  it.live("is none where there is something else, or nothing", () =>
    Effect.gen(function* () {
      assert.match(yield* look("127.0.0.1 localhost\n"), /^failed .* does not begin with a WebSocket message/)
      assert.match(yield* look("\n\n"), /^failed .* holds no frame/)
      assert.match(yield* look("no zstd", Infinity, "a.ndjson.zst"), /^failed REPLAY_FILE: cannot read it: /)
      assert.match(yield* look(FRAME, 1), /^failed REPLAY_SPEED: it does not say when/)
    })
  )
})
