/** What has to hold of an installed package, however it was installed. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { command, compile, program } from "./installed.ts"
import { goodFrame } from "./hostile.ts"

/** The README's idea of a library: another sink, and everything else as it is. */
const SWAPPED = `
import { AppConfigLayer, EventSink, HealthState, Ingest, MemoryFeed, MemoryHistory } from "binance-kafka-connector"
import { Effect, Layer } from "effect"

const seen: Array<string> = []
const Sink = Layer.succeed(
  EventSink,
  EventSink.of({
    publish: (batch) => Effect.sync(() => void seen.push(...batch.map(({ headers }) => headers["event-id"] ?? ""))),
    flush: Effect.void,
    pending: Effect.succeed(0),
    surrender: Effect.succeed(0)
  })
)
const Own = Layer.mergeAll(
  MemoryFeed.layer,
  MemoryHistory.none,
  Sink,
  HealthState.layer,
  AppConfigLayer.layerFromRecord({ BINANCE_STREAMS: "btcusdt@trade" })
)
const main = Effect.gen(function* () {
  const frames = yield* MemoryFeed.MemoryFrames
  yield* frames.offer('{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":7,"p":"1.0","q":"2.0","T":1,"m":true}}')
  yield* frames.end
  yield* Ingest.run
}).pipe(Effect.provide(Own))

await Effect.runPromise(main)
console.log(seen.join())
`

export const worksAsLibrary = (project: string): void => {
  const ran = program(project, SWAPPED)
  assert.strictEqual(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, /^binance:spot:trade:BTCUSDT:7$/m)
  const compiled = compile(project)
  assert.strictEqual(compiled.status, 0, compiled.stdout)
}

export const worksAsCommand = (project: string, version: string): void => {
  const told = command(project, ["--version"])
  assert.strictEqual(told.status, 0, told.stderr)
  assert.include(told.stdout, version)

  const data = { DATA_DIR: join(project, "data"), SINK: "local", HTTP_PORT: "0" }
  mkdirSync(data.DATA_DIR, { recursive: true })
  const nothing = command(project, ["verify", "--quiet"], data)
  assert.notStrictEqual(nothing.status, 0, "an empty log proves nothing")

  writeFileSync(join(project, "frames.ndjson"), `${[1, 2, 3].map((t) => goodFrame(t)).join("\n")}\n`)
  const replayed = command(project, ["run"], {
    ...data,
    FEED: "replay",
    REPLAY_FILE: "frames.ndjson",
    BINANCE_STREAMS: "btcusdt@trade"
  })
  assert.strictEqual(replayed.status, 0, replayed.stderr)
  const proved = command(project, ["verify", "--quiet"], data)
  assert.strictEqual(proved.status, 0, proved.stderr)
  assert.match(proved.stdout, /^PROVED/m)
}
