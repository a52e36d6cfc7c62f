/** The pipeline with a history: what is missing, what comes twice, and where an earlier run stopped. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Fiber, Latch, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import { trade } from "../../src/schema/kinds/trade.ts"
import { Health } from "../../src/services/Health.ts"
import type { PastEvent } from "../../src/services/MarketHistory.ts"
import { Positions } from "../../src/services/Positions.ts"
import type { Position } from "../../src/pipeline/Standing.ts"
import { standingsOf } from "../support/standings.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"

const payload = (t: number, symbol = "BTCUSDT"): string =>
  `{"e":"trade","E":${t},"s":"${symbol}","t":${t},"p":"1.0","q":"1.0","T":${t},"m":true}`
const frame = (t: number): string => `{"stream":"btcusdt@trade","data":${payload(t)}}`
const ethFrame = (t: number): string => `{"stream":"ethusdt@trade","data":${payload(t, "ETHUSDT")}}`
const ticker = (E: number): string =>
  `{"stream":"btcusdt@bookTicker","data":{"u":${E},"s":"BTCUSDT","b":"1.0","B":"1.0","a":"1.0","A":"1.0"}}`

const pastOf = (symbol: string, ids: ReadonlyArray<number>): ReadonlyArray<PastEvent> =>
  ids.map((t) => {
    const facts = trade.decode(JSON.parse(payload(t, symbol)))
    assert.isTrue(Exit.isSuccess(facts))
    return { json: payload(t, symbol), facts: Exit.isSuccess(facts) ? facts.value : assert.fail() }
  })
const past = (...ids: ReadonlyArray<number>) => pastOf("BTCUSDT", ids)
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

const miniTicker = (E: number): string =>
  `{"stream":"btcusdt@miniTicker","data":{"e":"24hrMiniTicker","E":${E},"s":"BTCUSDT","c":"1.0","o":"1.0","h":"1.0","l":"1.0","v":"1.0","q":"1.0"}}`

const settingsOf = (streams: ReadonlyArray<string>, gapWait: Duration.Duration) =>
  settingsLayer({
    binance: { ...testSettings().binance, streams: streamNames(...streams) },
    gaps: { ...testSettings().gaps, wait: gapWait }
  })

interface Options {
  readonly gapWait?: Duration.Duration
  /** Completes when the positions are. */
  readonly known?: Effect.Effect<void>
}

const start = Effect.fnUntraced(function* (
  positions?: Readonly<Record<string, Position>>,
  streams: ReadonlyArray<string> = ["btcusdt@trade", "btcusdt@bookTicker"],
  { gapWait = testSettings().gaps.wait, known = Effect.void }: Options = {}
) {
  const begun = yield* Latch.make(false)
  const stands = Layer.succeed(Positions, {
    isKept: positions !== undefined,
    load: () => Effect.as(known, standingsOf(positions ?? {})),
    begin: begun.open
  })
  const context = yield* Layer.build(
    Layer.mergeAll(
      MemoryFeed.layer,
      MemoryHistory.layer,
      MemorySink.layer,
      HealthState.layer,
      settingsOf(streams, gapWait),
      stands
    )
  )
  const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  yield* TestClock.adjust(0)
  const frames = Context.get(context, MemoryFeed.MemoryFrames)
  const log = Context.get(context, MemorySink.MemoryLog)
  return {
    fiber,
    frames,
    /** The positions may be written. */
    begun,
    past: Context.get(context, MemoryHistory.MemoryPast),
    health: Context.get(context, Health),
    offer: (...messages: ReadonlyArray<string>) =>
      Effect.andThen(Effect.forEach(messages, frames.offer, { discard: true }), TestClock.adjust("100 millis")),
    /** Trades by id with their marks, and what the continuity topic says, in order. */
    said: Effect.map(log.records, (records) =>
      records.map(({ headers, topic, value }) => {
        const record = JSON.parse(new TextDecoder().decode(value))
        if (topic === "continuity") return `${record.type} ${record.stream} ${record.from}-${record.to}`
        const id = headers["event-id"]?.split(":")[4]
        return `${id}${record.backfilled === true ? " backfilled" : ""}${record.late === true ? " late" : ""}`
      })
    )
  }
})

describe("Ingest with a history", () => {
  it.effect("fills a hole in its place, and says so", () =>
    Effect.gen(function* () {
      const { offer, past: history, said } = yield* start()
      yield* history.set("btcusdt@trade", past(1, 2, 3, 4))
      yield* offer(frame(1), frame(4))
      assert.deepStrictEqual(yield* said, ["1"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* said, ["1", "2 backfilled", "3 backfilled", "4", "gap-filled btcusdt@trade 2-3"])
    })
  )

  it.effect("goes on where an earlier run stopped, and is ready when it has caught up", () =>
    Effect.gen(function* () {
      const { health, offer, past: history, said } = yield* start({ "btcusdt@trade": { last: 10, at: 10, gaps: [] } })
      yield* history.set("btcusdt@trade", past(9, 10, 11, 12, 13))
      assert.strictEqual((yield* health.report).resume.state, "starting")
      yield* offer(frame(10), frame(13))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* said, ["11 backfilled", "12 backfilled", "13", "gap-filled btcusdt@trade 11-12"])
      assert.strictEqual((yield* health.report).resume.state, "up")
    })
  )

  it.effect("fills a gap that an earlier run left open, late", () =>
    Effect.gen(function* () {
      const gap = { first: 3, last: 4 }
      const { offer, past: history, said } = yield* start({ "btcusdt@trade": { last: 10, at: 10, gaps: [gap] } })
      yield* history.set("btcusdt@trade", past(2, 3, 4, 5))
      yield* offer(frame(11))
      yield* TestClock.adjust("1 second")
      assert.sameMembers(yield* said.pipe(Effect.map((all) => all.slice(0, 3))), [
        "11",
        "3 backfilled late",
        "4 backfilled late"
      ])
      assert.strictEqual((yield* said)[3], "gap-filled btcusdt@trade 3-4")
    })
  )

  it.effect("does not wait for one symbol's hole with anything else", () =>
    Effect.gen(function* () {
      const { offer, said } = yield* start()
      yield* offer(frame(1), frame(4), ticker(7))
      assert.deepStrictEqual(yield* said, ["1", "7"])
    })
  )

  it.effect("drops what comes twice, with a sequence or without", () =>
    Effect.gen(function* () {
      const { offer, said } = yield* start()
      yield* offer(frame(1), ticker(7), frame(1), ticker(7), frame(2), ticker(8))
      assert.deepStrictEqual(yield* said, ["1", "7", "2", "8"])
    })
  )

  /** A hole of 600, and the first slice of what fills it is published. */
  const filling = Effect.gen(function* () {
    const started = yield* start()
    yield* started.past.set("btcusdt@trade", past(...Array.from({ length: 601 }, (_, index) => index + 2)))
    yield* started.offer(frame(1), frame(602))
    yield* Effect.repeat(TestClock.adjust("1 millis"), {
      until: () => Effect.map(started.said, ({ length }) => length > 1)
    })
    return started
  })
  const filled = [
    "1",
    ...Array.from({ length: 600 }, (_, index) => `${index + 2} backfilled`),
    "602",
    "gap-filled btcusdt@trade 2-601"
  ]

  it.effect("lets others pass what fills a long hole, and what is live of the same stream wait for it", () =>
    Effect.gen(function* () {
      const { frames, said } = yield* filling
      assert.lengthOf(yield* said, 101)
      yield* frames.offer(frame(603))
      yield* frames.offer(ticker(7))
      yield* TestClock.adjust("15 millis")
      const meanwhile = yield* said
      assert.include(meanwhile, "7")
      assert.notInclude(meanwhile, "603")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        (yield* said).filter((id) => id !== "7"),
        [...filled, "603"]
      )
    })
  )

  it.effect("keeps GAP_WAIT_SECONDS, and fills what is short, while another stream's long gap is filled", () =>
    Effect.gen(function* () {
      const gap = { first: 1, last: 30_000 }
      const { offer, past, said } = yield* start(
        { "btcusdt@trade": { last: 30_001, at: 1, gaps: [gap] } },
        ["btcusdt@trade", "ethusdt@trade"],
        { gapWait: Duration.seconds(1) }
      )
      yield* past.set("btcusdt@trade", pastOf("BTCUSDT", range(1, 30_002)))
      yield* past.set("ethusdt@trade", pastOf("ETHUSDT", [1, 2, 3, 4]))
      yield* offer(frame(30_002), ethFrame(1))
      yield* TestClock.adjust("300 millis")
      yield* offer(ethFrame(4))
      yield* TestClock.adjust("400 millis")
      assert.includeMembers([...(yield* said)], ["gap-filled ethusdt@trade 2-3", "4"])
      // The history does not have these.
      yield* offer(ethFrame(7))
      yield* TestClock.adjust("1300 millis")
      yield* offer(ethFrame(8))
      assert.include(yield* said, "gap-opened ethusdt@trade 5-6")
      assert.notInclude(yield* said, "30000 backfilled late")
      yield* TestClock.adjust("10 seconds")
      assert.include(yield* said, "30000 backfilled late")
    })
  )

  it.effect("says what is missing before it is written how far its stream has come", () =>
    Effect.gen(function* () {
      const known = yield* Latch.make(false)
      const { begun, offer, past, said } = yield* start(
        { "btcusdt@trade": { last: 10, at: 10, gaps: [] } },
        ["btcusdt@trade"],
        { known: known.await }
      )
      yield* TestClock.adjust("10 seconds")
      yield* past.set("btcusdt@trade", pastOf("BTCUSDT", range(1, 1000)))
      yield* offer(frame(100), frame(1000))
      yield* Effect.repeat(TestClock.adjust("1 millis"), {
        until: () => Effect.map(said, ({ length }) => length > 1)
      })
      yield* known.open
      yield* Effect.raceFirst(begun.await, Effect.forever(TestClock.adjust("1 millis")))
      assert.include(yield* said, "gap-opened btcusdt@trade 11-99")
    })
  )

  it.effect("publishes all that waits for its turn before it ends", () =>
    Effect.gen(function* () {
      const { fiber, said } = yield* filling
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* said, filled)
    })
  )

  it.effect("goes on live when the history has nothing for GAP_WAIT_SECONDS, and fills late", () =>
    Effect.gen(function* () {
      const { health, offer, past: history, said } = yield* start()
      yield* offer(frame(1), frame(4))
      yield* TestClock.adjust("125 seconds")
      yield* offer(frame(5))
      yield* TestClock.adjust("2 seconds")
      assert.property((yield* health.report).degraded, "btcusdt@trade")
      yield* history.set("btcusdt@trade", past(1, 2, 3, 4, 5))
      yield* TestClock.adjust("70 seconds")
      assert.deepStrictEqual(yield* said, [
        "1",
        "gap-opened btcusdt@trade 2-3",
        "4",
        "5",
        "2 backfilled late",
        "3 backfilled late",
        "gap-filled btcusdt@trade 2-3"
      ])
      assert.notProperty((yield* health.report).degraded, "btcusdt@trade")
    })
  )

  it.effect("finds that a stream is mute by what the history has, fetches it, and asks for the stream anew", () =>
    Effect.gen(function* () {
      const { frames, health, offer, past: history, said } = yield* start()
      const trouble = Effect.map(health.report, ({ degraded }) => degraded["btcusdt@trade (mute)"])
      yield* history.set("btcusdt@trade", past(1, 2, 3))
      yield* offer(frame(1))
      yield* TestClock.adjust("25 seconds")
      assert.isUndefined(yield* trouble)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* trouble, "silent, asked for anew")
      assert.deepStrictEqual(yield* said, ["1", "2 backfilled", "3 backfilled", "gap-filled btcusdt@trade 2-3"])
      assert.deepStrictEqual(
        (yield* Queue.take(frames.renewals)).map(({ name }) => name),
        ["btcusdt@trade"]
      )
      yield* offer(frame(4))
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined(yield* trouble)
    })
  )

  it.effect("tells of a stream that is asked for anew at once, in vain after a while, and no more when it flows", () =>
    Effect.gen(function* () {
      const { health, offer, past: history } = yield* start(undefined, ["btcusdt@trade", "btcusdt@miniTicker"])
      const trouble = Effect.map(health.report, ({ degraded }) => degraded["btcusdt@miniTicker (mute)"])
      yield* history.set("btcusdt@trade", past(1))
      yield* offer(miniTicker(1))
      // Another one flows: the connection lives.
      const seconds = (count: number) =>
        Effect.forEach(
          Array.from({ length: count }),
          () => Effect.andThen(offer(frame(1)), TestClock.adjust("900 millis")),
          { discard: true }
        )
      yield* seconds(55)
      assert.isUndefined(yield* trouble)
      yield* seconds(8)
      assert.strictEqual(yield* trouble, "silent, asked for anew")
      yield* seconds(130)
      assert.strictEqual(yield* trouble, "asked for anew in vain")
      yield* offer(miniTicker(2))
      yield* seconds(3)
      assert.isUndefined(yield* trouble)
    })
  )

  it.effect("writes a rollover down for each of its streams", () =>
    Effect.gen(function* () {
      const { frames, said } = yield* start()
      const streams = streamNames("btcusdt@trade", "btcusdt@bookTicker")
      yield* frames.notice({ type: "rollover", connection: "1", streams, reason: "age", from: 5, to: 9 })
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(yield* said, ["rollover btcusdt@trade 5-9", "rollover btcusdt@bookTicker 5-9"])
    })
  )

  it.effect("sends an id far beyond all that the history knows to the dead letters", () =>
    Effect.gen(function* () {
      const { offer, past: history, said } = yield* start()
      yield* history.set("btcusdt@trade", past(1, 2))
      yield* offer(frame(1), frame(9_000_000), frame(2))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual((yield* said).slice(0, 2), ["1", "2"])
      assert.lengthOf(yield* said, 3)
    })
  )

  it.effect("keeps what waits for a hole where a restart fetches it, and publishes it where none does", () =>
    Effect.gen(function* () {
      for (const [positions, expected] of [
        [{}, ["1"]],
        [undefined, ["1", "gap-opened btcusdt@trade 2-3", "4"]]
      ] as const) {
        const { fiber, offer, said } = yield* start(positions)
        yield* offer(frame(1), frame(4))
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* said, [...expected])
      }
    })
  )
})
