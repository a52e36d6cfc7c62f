/** An answer that cannot be written is none: as processes, with a stdout that takes nothing. */
import { spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as LocalLog from "../../src/layers/LocalLog.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { settingsLayer } from "../support/settings.ts"
import { range, recordOf, trade } from "../support/tape.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const MAIN = fileURLToPath(new URL("../../src/Main.ts", import.meta.url))

/** Every write to it fails: the disk is full. */
const FULL = "/dev/full"

const intoNothing = (args: string, folder: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => openSync(FULL, "w")),
    (full) =>
      Effect.sync(() => {
        const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args.split(" ")], {
          cwd: folder,
          env: { PATH: process.env["PATH"], SINK: "local", DATA_DIR: ".", HTTP_PORT: "0" },
          stdio: ["ignore", full, "pipe"],
          encoding: "utf8",
          timeout: 20_000
        })
        return [status, stderr]
      }),
    (full) => Effect.sync(() => closeSync(full))
  )

const publish = (dataDir: string) =>
  Effect.flatMap(EventSink, ({ publish }) =>
    publish(range(1, 9).map((id) => recordOf("btcusdt@trade", trade(id))))
  ).pipe(Effect.provide(LocalLog.layer.pipe(Layer.provide([settingsLayer({ dataDir }), HealthState.layer]))))

describe.skipIf(!existsSync(FULL))("on a full disk", () => {
  it.live.each(["--version", "config", "verify --json", "tail trade --no-follow", "simulate --port 0"])(
    "%s ends with 2 and one line",
    (args) =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        yield* publish(folder)
        assert.deepStrictEqual(yield* intoNothing(args, folder), [
          2,
          "binance-kafka-connector: cannot write to stdout: ENOSPC; the answer is lost\n"
        ])
      })
  )
})
