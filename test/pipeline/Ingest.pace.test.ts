/** What comes at once of one stream, a page of the history, goes on in slices; meanwhile others have their turn. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as MemoryStreams from "../../src/layers/MemoryStreams.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import { Positions } from "../../src/services/Positions.ts"
import { settingsLayer, streamNames } from "../support/settings.ts"
import { standingsOf } from "../support/standings.ts"
import { range, trade } from "../support/tape.ts"

const PAGE = 1000

const frame = (symbol: string, t: number): string =>
  `{"stream":"${symbol.toLowerCase()}@trade","data":${trade(t, symbol).json}}`

const past = (symbol: string, from: number, to: number) => range(from, to).map((t) => trade(t, symbol))

/** Two streams, of which ethusdt stands at 0 and misses a page. */
const start = Effect.fnUntraced(function* (parkedLimit: number) {
  const streams = streamNames("btcusdt@trade", "ethusdt@trade")
  const context = yield* Layer.build(
    Layer.mergeAll(
      MemoryFeed.layer,
      MemoryHistory.layer,
      MemorySink.layer,
      MemoryStreams.layer(streams),
      HealthState.layer,
      settingsLayer(),
      Layer.succeed(Positions, {
        isKept: true,
        load: () => Effect.succeed(standingsOf({ "ethusdt@trade": { last: 0, at: 0, gaps: [] } })),
        begin: Effect.void
      })
    )
  )
  yield* Ingest.run.pipe(
    Effect.provide(context),
    Effect.provideService(Ingest.ParkedLimit, parkedLimit),
    Effect.forkScoped
  )
  yield* TestClock.adjust(0)
  const frames = Context.get(context, MemoryFeed.MemoryFrames)
  const log = Context.get(context, MemorySink.MemoryLog)
  const said = Effect.map(log.records, (records) =>
    records.map(({ headers, topic, value }) => {
      const record = JSON.parse(new TextDecoder().decode(value))
      if (topic === "continuity") return `${record.type} ${record.stream} ${record.from}-${record.to}`
      const [, , , symbol, id] = headers["event-id"]?.split(":") ?? []
      return `${symbol} ${id}${record.backfilled === true ? " backfilled" : ""}`
    })
  )
  return {
    said,
    set: Context.get(context, MemoryStreams.StreamsControl).set,
    history: Context.get(context, MemoryHistory.MemoryPast),
    offer: (...messages: ReadonlyArray<string>) => Effect.forEach(messages, frames.offer, { discard: true }),
    /** Until the first slices of the page are stored, and most of it is not. */
    begun: Effect.repeat(Effect.andThen(TestClock.adjust(10), said), {
      until: (all) => all.filter((one) => one.startsWith("ETHUSDT")).length >= 200
    })
  }
})

const ethusdt = (all: ReadonlyArray<string>): number => all.filter((one) => one.startsWith("ETHUSDT")).length

describe("Ingest", () => {
  it.effect("lets the live events of another stream pass between the slices of a page", () =>
    Effect.gen(function* () {
      const { begun, history, offer, said } = yield* start(1e9)
      yield* history.set("ethusdt@trade", past("ETHUSDT", 1, PAGE))
      yield* offer(frame("ETHUSDT", PAGE + 1))
      assert.isBelow(ethusdt(yield* begun), 500)
      yield* offer(frame("BTCUSDT", 1))
      yield* TestClock.adjust(10)
      const all = yield* said
      assert.isBelow(ethusdt(all), 500)
      assert.include(all, "BTCUSDT 1")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(ethusdt(yield* said), PAGE + 1)
    })
  )

  it.effect("publishes all that waits of a stream that goes, before it says so", () =>
    Effect.gen(function* () {
      const { begun, history, offer, said, set } = yield* start(1e9)
      yield* history.set("ethusdt@trade", past("ETHUSDT", 1, PAGE))
      yield* offer(frame("ETHUSDT", PAGE + 1))
      assert.isBelow(ethusdt(yield* begun), 500)
      yield* set(streamNames("btcusdt@trade"), "a test")
      // But for the moment that a record waits for others this takes no time: no slice has had its turn.
      yield* TestClock.adjust(1)
      const all = yield* said
      assert.strictEqual(ethusdt(all), PAGE + 1)
      assert.strictEqual(all.at(-1), `left ethusdt@trade null-${PAGE + 1}`)
    })
  )

  it.effect.each([
    // A page takes some 90 kB while it waits: the control, where there is room for both.
    { room: 1_000_000, marks: "" },
    { room: 60_000, marks: " backfilled" }
  ])("counts what waits for its turn to what waits behind a hole: room for $room bytes", ({ marks, room }) =>
    Effect.gen(function* () {
      const { begun, history, offer, said } = yield* start(room)
      yield* offer(frame("BTCUSDT", 1))
      yield* history.set("ethusdt@trade", past("ETHUSDT", 1, PAGE))
      yield* offer(frame("ETHUSDT", PAGE + 1))
      yield* begun
      // Missed: 2. What has come of the others is fetched again if it had to go for want of room.
      yield* offer(frame("BTCUSDT", 3), frame("BTCUSDT", 4))
      yield* TestClock.adjust("10 seconds")
      yield* history.set("btcusdt@trade", past("BTCUSDT", 1, 4))
      yield* TestClock.adjust("1 minute")
      const all = (yield* said).filter((one) => one.startsWith("BTCUSDT"))
      assert.deepStrictEqual(all, ["BTCUSDT 1", "BTCUSDT 2 backfilled", `BTCUSDT 3${marks}`, `BTCUSDT 4${marks}`])
    })
  )
})
