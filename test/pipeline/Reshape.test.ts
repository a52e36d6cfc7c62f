/** Streams that come and go while the pipeline runs. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Context, Effect, Exit, Fiber, Latch, Layer, Queue, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as MemoryStreams from "../../src/layers/MemoryStreams.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import type { MarketEvent } from "../../src/pipeline/Decoder.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import * as Sequencer from "../../src/pipeline/Sequencer.ts"
import type { Position } from "../../src/pipeline/Standing.ts"
import { trade } from "../../src/schema/kinds/trade.ts"
import type { PastEvent } from "../../src/services/MarketHistory.ts"
import { Positions } from "../../src/services/Positions.ts"
import { Status } from "../../src/services/Status.ts"
import { settingsLayer, streamNames } from "../support/settings.ts"
import { standingsOf } from "../support/standings.ts"

const payload = (symbol: string, t: number): string =>
  `{"e":"trade","E":${t},"s":"${symbol}","t":${t},"p":"1.0","q":"1.0","T":${t},"m":true}`
const frame = (symbol: string, t: number): string =>
  `{"stream":"${symbol.toLowerCase()}@trade","data":${payload(symbol, t)}}`

const factsOf = (symbol: string, t: number) => {
  const facts = trade.decode(JSON.parse(payload(symbol, t)))
  return Exit.isSuccess(facts) ? facts.value : assert.fail()
}
const past = (symbol: string, ...ids: ReadonlyArray<number>): ReadonlyArray<PastEvent> =>
  ids.map((t) => ({ json: payload(symbol, t), facts: factsOf(symbol, t) }))

/** `known` completes when the positions of those that join are. */
const start = Effect.fnUntraced(function* (
  positions: Readonly<Record<string, Position>> = {},
  known: Effect.Effect<void> = Effect.void
) {
  const asked: Array<string> = []
  const context = yield* Layer.build(
    Layer.mergeAll(
      MemoryFeed.layer,
      MemoryHistory.layer,
      MemorySink.layer,
      MemoryStreams.layer(streamNames("btcusdt@trade")),
      HealthState.layer,
      settingsLayer(),
      Layer.succeed(Positions, {
        isKept: true,
        load: (streams) =>
          Effect.suspend(() => {
            const isStart = asked.length === 0
            asked.push(...streams.map(({ name }) => name))
            return Effect.as(isStart ? Effect.void : known, standingsOf(positions))
          }),
        begin: Effect.void
      })
    ).pipe(Layer.provideMerge(StatusBoard.layer))
  )
  const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  yield* TestClock.adjust(0)
  const frames = Context.get(context, MemoryFeed.MemoryFrames)
  const log = Context.get(context, MemorySink.MemoryLog)
  const control = Context.get(context, MemoryStreams.StreamsControl)
  return {
    fiber,
    asked,
    changes: frames.changes,
    past: Context.get(context, MemoryHistory.MemoryPast),
    status: Context.get(context, Status),
    set: (...names: ReadonlyArray<string>) =>
      Effect.andThen(control.set(streamNames(...names), "a test"), TestClock.adjust("1 second")),
    offer: (...messages: ReadonlyArray<string>) =>
      Effect.andThen(Effect.forEach(messages, frames.offer, { discard: true }), TestClock.adjust("3 seconds")),
    /** Trades with their marks, and what the continuity topic says, in order. */
    said: Effect.map(log.records, (records) =>
      records.map(({ headers, topic, value }) => {
        const text = new TextDecoder().decode(value)
        if (topic === "dead_letter") return `dead: ${text}`
        const record = JSON.parse(text)
        if (topic === "continuity") return `${record.type} ${record.stream} ${record.from}-${record.to}`
        const [, , , symbol, id] = headers["event-id"]?.split(":") ?? []
        return `${symbol} ${id}${record.backfilled === true ? " backfilled" : ""}`
      })
    )
  }
})

const names = (streams: ReadonlyArray<{ readonly name: string }>) => streams.map(({ name }) => name)

describe("a change of the streams", () => {
  it.effect("lets those that come go on where their topic stands, and asks only for these", () =>
    Effect.gen(function* () {
      const {
        asked,
        changes,
        offer,
        past: history,
        said,
        set,
        status
      } = yield* start({
        "ethusdt@trade": { last: 5, at: 5, gaps: [] }
      })
      yield* history.set("ethusdt@trade", past("ETHUSDT", 5, 6, 7, 8))
      yield* offer(frame("BTCUSDT", 1))
      yield* set("btcusdt@trade", "ethusdt@trade")
      const { added, removed } = yield* Queue.take(changes)
      assert.deepStrictEqual([names(added), names(removed)], [["ethusdt@trade"], []])
      yield* offer(frame("ETHUSDT", 8), frame("BTCUSDT", 2))
      assert.deepStrictEqual(yield* said, [
        "BTCUSDT 1",
        "joined ethusdt@trade null-null",
        "BTCUSDT 2",
        "ETHUSDT 6 backfilled",
        "ETHUSDT 7 backfilled",
        "ETHUSDT 8",
        "gap-filled ethusdt@trade 6-7"
      ])
      assert.deepStrictEqual(asked, ["btcusdt@trade", "ethusdt@trade"])
      assert.deepStrictEqual(status.figures().carried, ["btcusdt@trade", "ethusdt@trade"])
    })
  )

  it.effect("says up to where those that go were carried; what still comes of them is no dead letter", () =>
    Effect.gen(function* () {
      const { changes, offer, said, set, status } = yield* start()
      yield* set("btcusdt@trade", "ethusdt@trade")
      yield* offer(frame("ETHUSDT", 7), frame("BTCUSDT", 1))
      status.trouble({ subject: "ethusdt@trade", kind: "dead letters", text: "something" })
      yield* set("btcusdt@trade")
      yield* Queue.take(changes)
      assert.deepStrictEqual(names((yield* Queue.take(changes)).removed), ["ethusdt@trade"])
      yield* offer(frame("ETHUSDT", 8), frame("BTCUSDT", 2), frame("XRPUSDT", 1))
      const all = yield* said
      assert.deepStrictEqual(all.slice(0, 5), [
        "joined ethusdt@trade null-null",
        "ETHUSDT 7",
        "BTCUSDT 1",
        "left ethusdt@trade null-7",
        "BTCUSDT 2"
      ])
      assert.deepStrictEqual(all.slice(5), [`dead: ${frame("XRPUSDT", 1)}`])
      assert.deepStrictEqual(status.figures().carried, ["btcusdt@trade"])
      assert.isEmpty(status.troubles().filter(({ name }) => name.startsWith("ethusdt")))
    })
  )

  it.effect("fetches what those that come back have missed", () =>
    Effect.gen(function* () {
      const { asked, offer, past: history, said, set } = yield* start()
      yield* set("btcusdt@trade", "ethusdt@trade")
      yield* offer(frame("ETHUSDT", 7))
      yield* set("btcusdt@trade")
      yield* history.set("ethusdt@trade", past("ETHUSDT", 7, 8, 9, 10))
      yield* set("btcusdt@trade", "ethusdt@trade")
      yield* offer(frame("ETHUSDT", 10))
      assert.deepStrictEqual(yield* said, [
        "joined ethusdt@trade null-null",
        "ETHUSDT 7",
        "left ethusdt@trade null-7",
        "joined ethusdt@trade null-null",
        "ETHUSDT 8 backfilled",
        "ETHUSDT 9 backfilled",
        "ETHUSDT 10",
        "gap-filled ethusdt@trade 8-9"
      ])
      assert.deepStrictEqual(asked, ["btcusdt@trade", "ethusdt@trade"])
    })
  )

  it.effect("does not forget where one stood that has left again by the time that it is known", () =>
    Effect.gen(function* () {
      const known = yield* Latch.make(false)
      const {
        offer,
        past: history,
        said,
        set
      } = yield* start({ "ethusdt@trade": { last: 5, at: 5, gaps: [] } }, known.await)
      yield* set("btcusdt@trade", "ethusdt@trade")
      // Not waited for any longer.
      yield* TestClock.adjust("15 seconds")
      yield* offer(frame("ETHUSDT", 9))
      yield* set("btcusdt@trade")
      yield* known.open
      yield* TestClock.adjust("1 second")
      yield* history.set("ethusdt@trade", past("ETHUSDT", 5, 6, 7, 8, 9, 10))
      yield* set("btcusdt@trade", "ethusdt@trade")
      yield* offer(frame("ETHUSDT", 10))
      assert.deepStrictEqual(yield* said, [
        "joined ethusdt@trade null-null",
        "ETHUSDT 9",
        "left ethusdt@trade null-9",
        "gap-opened ethusdt@trade 6-8",
        "joined ethusdt@trade null-null",
        "ETHUSDT 6 backfilled",
        "ETHUSDT 7 backfilled",
        "ETHUSDT 8 backfilled",
        "gap-filled ethusdt@trade 6-8",
        "ETHUSDT 10"
      ])
    })
  )

  it.effect("does not hold up a stop", () =>
    Effect.gen(function* () {
      const { fiber, set } = yield* start()
      yield* set("btcusdt@trade", "ethusdt@trade")
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 second")
      assert.isDefined(fiber.pollUnsafe())
    })
  )
})

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Step = Schema.Struct({
  what: Schema.Literals(["make", "make", "arrive", "turn", "turn", "pass", "pass", "answer"]),
  /** Of the trades that are made, those that are lost on their way. */
  lost: Schema.Array(Schema.Boolean),
  millis: between(1, 2000),
  answer: Schema.Literals(["all", "some", "none"])
})
const Steps = Arbitrary.array(Arbitrary.schema(Step), { minLength: 30, maxLength: 150 })

describe("the order of streams that come and go", () => {
  it.prop("is that of streams that stay: each id once, none left out, the others untouched", [Steps], ([steps]) => {
    const [stays, turns] = streamNames("btcusdt@trade", "ethusdt@trade")
    if (stays === undefined || turns === undefined) return
    let now = 1000
    let made = 100
    let isThere = true
    /** In the exchange's order. */
    const onTheWay: Array<MarketEvent> = []
    const published = new Map([stays, turns].map((stream) => [stream, new Array<number>()]))
    const asked: Array<Sequencer.Request> = []
    const sequencer = Sequencer.make(
      {
        streams: [stays, turns],
        serves: () => true,
        gapWait: 1e9,
        resumeMaxGap: 1e9,
        parkedBytes: () => 2000
      },
      now
    )
    const eventOf = (stream: typeof stays, id: number): MarketEvent => ({
      stream,
      symbol: stream.symbol ?? "",
      facts: factsOf(stream.symbol ?? "", id),
      json: payload(stream.symbol ?? "", id),
      receivedAt: now
    })
    const take = ({ events }: Sequencer.Ordered) => {
      for (const { facts, late, stream } of events) {
        assert.isUndefined(late)
        assert.isTrue(stream === stays || isThere, "nothing comes of a stream that has left")
        published.get(stream)?.push(facts.span?.last ?? 0)
      }
    }
    const arrive = () => {
      const arriving = onTheWay.splice(0).filter(({ stream }) => stream === stays || isThere)
      take(sequencer.take(arriving, now))
    }
    const ask = () => {
      for (const request of sequencer.requests(now)) {
        assert.isTrue(request.stream === stays || isThere, "nothing is asked of a stream that has left")
        sequencer.asked(request)
        asked.push(request)
      }
    }
    const answer = (how: "all" | "some" | "none") => {
      for (const request of asked.splice(0)) {
        const count = how === "some" ? Math.min(2, request.limit) : request.limit
        const ids = Array.from({ length: count }, (_, n) => request.first + n).filter((id) => id <= made)
        const events = ids.map((id) => past(request.stream.symbol ?? "", id)[0]).filter((one) => one !== undefined)
        take(sequencer.answered(request, how === "none" ? undefined : { events, voids: [] }, now, now))
      }
    }
    const turn = () => {
      isThere = !isThere
      if (isThere) sequencer.join([turns], now)
      else {
        const ordered = sequencer.leave([turns], true)
        assert.isEmpty(ordered.events)
      }
    }
    const pass = (millis: number) => {
      now += millis
      take(sequencer.tick(now, () => true))
      ask()
    }

    for (const { answer: how, lost, millis, what } of steps) {
      if (what === "make") {
        for (const isLost of lost) {
          made++
          if (!isLost) onTheWay.push(eventOf(stays, made))
          if (!isLost && isThere) onTheWay.push(eventOf(turns, made))
        }
      } else if (what === "arrive") arrive()
      // What was on its way arrives behind it.
      else if (what === "turn") turn()
      else if (what === "pass") pass(millis)
      else answer(how)
    }

    if (!isThere) turn()
    made++
    onTheWay.push(eventOf(stays, made), eventOf(turns, made))
    arrive()
    for (let looks = 0; !sequencer.isSettled(); looks++) {
      assert.isBelow(looks, 1000, "it does not settle")
      pass(1000)
      answer("all")
    }
    for (const ids of published.values()) {
      assert.strictEqual(ids.at(-1), made)
      assert.deepStrictEqual(
        ids,
        ids.map((_, index) => (ids[0] ?? 0) + index)
      )
    }
  })
})
