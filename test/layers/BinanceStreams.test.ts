import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Queue, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import * as BinanceStreams from "../../src/layers/BinanceStreams.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as LiveSettingsLayer from "../../src/layers/LiveSettings.ts"
import * as MemoryExchangeInfo from "../../src/layers/MemoryExchangeInfo.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import { AppConfig, Reread } from "../../src/services/AppConfig.ts"
import { ExchangeInfo, ExchangeInfoError } from "../../src/services/ExchangeInfo.ts"
import { LiveSettings } from "../../src/services/LiveSettings.ts"
import { Status } from "../../src/services/Status.ts"
import { type Change, only, Streams, type StreamsService } from "../../src/services/Streams.ts"
import * as LogProbe from "../support/logProbe.ts"
import { type Written, settingsFrom } from "../support/settingsFrom.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

type Facts = Readonly<Record<string, MemoryExchangeInfo.Facts>>

const MARKET: Facts = {
  BTCUSDT: { turnover: 900 },
  ETHUSDT: { turnover: 500 },
  BNBUSDT: { turnover: 300 },
  ETHBTC: { quoteAsset: "BTC", turnover: 9 }
}

/** An exchange that may not answer, and what it was asked. */
const exchangeOf = (market: Ref.Ref<Facts | undefined>, asked: Array<string>) =>
  Layer.effect(
    ExchangeInfo,
    Effect.gen(function* () {
      const inner = yield* Effect.map(
        Layer.build(MemoryExchangeInfo.layerOf(() => Ref.getUnsafe(market) ?? {})),
        (context) => Context.get(context, ExchangeInfo)
      )
      const through = <A>(name: string, ask: Effect.Effect<A, ExchangeInfoError>) =>
        Effect.suspend(() => {
          asked.push(name)
          return Ref.getUnsafe(market) === undefined
            ? Effect.fail(new ExchangeInfoError({ message: "it is away" }))
            : ask
        })
      return {
        unknownSymbols: (symbols: ReadonlyArray<string>) =>
          symbols.length === 0 ? Effect.succeed([]) : through("unknownSymbols", inner.unknownSymbols(symbols)),
        statuses: inner.statuses,
        listings: through("listings", inner.listings),
        turnovers: through("turnovers", inner.turnovers)
      }
    })
  )

const start = Effect.fnUntraced(function* (written: Written, first: Facts | "away" = MARKET) {
  const market = yield* Ref.make<Facts | undefined>(first === "away" ? undefined : first)
  const asked: Array<string> = []
  const now = yield* Ref.make(written)
  const probe = yield* LogProbe.make
  const settings = Layer.effectContext(
    Effect.map(settingsFrom(written), (settings) =>
      Context.make(AppConfig, settings).pipe(
        Context.add(
          Reread,
          Effect.flatMap(Ref.get(now), (written) => settingsFrom(written))
        )
      )
    )
  )
  const building = yield* Layer.build(
    BinanceStreams.layerNoRest.pipe(
      Layer.provide(exchangeOf(market, asked)),
      Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer)),
      Layer.provideMerge(LiveSettingsLayer.layer),
      Layer.provideMerge(settings),
      Layer.provideMerge(probe.layer)
    )
  ).pipe(Effect.forkScoped)
  yield* TestClock.adjust(0)
  return { asked, building, market, now, events: probe.events }
})

/** What came of it, once it has started. */
const follow = Effect.fnUntraced(function* (building: Fiber.Fiber<Context.Context<never>, unknown>) {
  const context = yield* Fiber.join(building)
  const streams = Context.get(context, Streams)
  if (streams === undefined) return assert.fail("there are no streams")
  const changes = yield* Queue.unbounded<Change>()
  const followed = yield* streams.follow
  yield* followed.changes.pipe(
    Stream.runForEach((change) => Queue.offer(changes, change)),
    Effect.forkScoped({ startImmediately: true })
  )
  return {
    streams,
    status: Context.get(context, Status),
    live: Context.get(context, LiveSettings),
    /** Those that have come and gone since it was last asked. */
    changes: Effect.map(Queue.clear(changes), (all) => all.map(textOf)),
    next: Effect.map(Queue.take(changes), textOf)
  }
})

const namesOf = (streams: ReadonlyArray<{ readonly name: string }>) => streams.map(({ name }) => name).join()
const nowOf = ({ now }: StreamsService) => namesOf(now())

const textOf = ({ joined, left, reason }: Change) => [namesOf(joined), namesOf(left), reason]

/** What stands beside the next line of the message. */
const lineOf = (events: Queue.Dequeue<LogProbe.Logged>, message: string) =>
  Effect.repeat(Queue.take(events), { until: (line) => line.message.includes(message) }).pipe(
    Effect.map(({ annotations }) => annotations)
  )

const messages = (events: Queue.Dequeue<LogProbe.Logged>, level: string) =>
  Effect.map(Queue.clear(events), (all) => all.filter((one) => one.level === level).map(({ message }) => message))

/** Lets what is read of the machine arrive, while time passes. */
const machine = TestClock.adjust("500 millis").pipe(
  Effect.andThen(Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))),
  Effect.forever,
  Effect.forkScoped
)

describe("the streams of the settings", () => {
  it.effect("are those that are named, and nobody is asked", () =>
    Effect.gen(function* () {
      const { asked, building } = yield* start({ BINANCE_STREAMS: "btcusdt@trade,nosuch@trade" }, "away")
      const { streams } = yield* follow(building)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(nowOf(streams), "btcusdt@trade,nosuch@trade")
      assert.deepStrictEqual(asked, [])
    })
  )

  it.effect("wait for an exchange that does not answer, and say so", () =>
    Effect.gen(function* () {
      const { building, events, market } = yield* start({ BINANCE_STREAMS: "*usdt@trade" }, "away")
      yield* TestClock.adjust("20 seconds")
      assert.isUndefined(building.pollUnsafe())
      const said = yield* messages(events, "Warn")
      assert.isAbove(said.length, 2)
      assert.deepStrictEqual([...new Set(said)], ["The exchange's list of symbols cannot be fetched"])
      yield* Ref.set(market, MARKET)
      yield* TestClock.adjust("30 seconds")
      const { streams } = yield* follow(building)
      assert.strictEqual(nowOf(streams), "bnbusdt@trade,btcusdt@trade,ethusdt@trade")
    })
  )

  it.effect("end the start where a pattern comes to nothing, naming the variable", () =>
    Effect.gen(function* () {
      const { building } = yield* start({ BINANCE_STREAMS: "*usdt@trade,*eur@trade,top3:try@trade" })
      const error = yield* Effect.flip(Fiber.join(building))
      assert.strictEqual(
        error.message,
        "BINANCE_STREAMS: *eur@trade: no symbol that is traded is left for it; `streams --symbols` lists the symbols; top3:try@trade: nothing that is traded for TRY is left; `streams --symbols` lists the symbols"
      )
    })
  )

  it.effect("follow what is listed and delisted", () =>
    Effect.gen(function* () {
      const { asked, building, market } = yield* start({ BINANCE_STREAMS: "*usdt@trade,top1:usdt@ticker" })
      const { changes, streams } = yield* follow(building)
      assert.strictEqual(nowOf(streams), "bnbusdt@trade,btcusdt@trade,ethusdt@trade,btcusdt@ticker")
      yield* Ref.set(market, { ...MARKET, BNBUSDT: { status: "BREAK" }, NEWUSDT: { turnover: 1000 } })
      yield* TestClock.adjust("15 minutes")
      assert.deepStrictEqual(yield* changes, [
        ["newusdt@trade,newusdt@ticker", "bnbusdt@trade,btcusdt@ticker", "the exchange's symbols have changed"]
      ])
      const [bnb] = streams.known()
      yield* Ref.set(market, MARKET)
      yield* TestClock.adjust("15 minutes")
      assert.strictEqual(nowOf(streams), "bnbusdt@trade,btcusdt@trade,ethusdt@trade,btcusdt@ticker")
      assert.isTrue(streams.now()[0] === bnb, "one that comes back is the same as before")
      assert.deepStrictEqual(asked.slice(0, 4), ["listings", "turnovers", "listings", "turnovers"])
    })
  )

  it.effect("do not follow an exchange in maintenance, nor one that is away, and warn of a pattern that ends", () =>
    Effect.gen(function* () {
      const { building, events, market } = yield* start({ BINANCE_STREAMS: "*usdt@trade,*btc@trade" })
      const { changes } = yield* follow(building)
      yield* messages(events, "Warn")
      yield* Ref.set(market, undefined)
      yield* TestClock.adjust("15 minutes")
      yield* Ref.set(market, Object.fromEntries(Object.keys(MARKET).map((symbol) => [symbol, { status: "BREAK" }])))
      yield* TestClock.adjust("15 minutes")
      assert.deepStrictEqual(yield* changes, [])
      yield* Ref.set(market, { ...MARKET, ETHBTC: { status: "BREAK", quoteAsset: "BTC" } })
      yield* TestClock.adjust("30 minutes")
      assert.deepStrictEqual(yield* messages(events, "Warn"), [
        "The exchange's list of symbols cannot be fetched",
        "More than half of the streams would leave by the exchange's list of symbols: it is not followed this time",
        "A pattern of streams comes to nothing any more"
      ])
      assert.deepStrictEqual(yield* changes, [["", "ethbtc@trade", "the exchange's symbols have changed"]])
    })
  )

  it.effect("follow a file, and refuse a bad one whole", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "streams.txt")
      writeFileSync(path, "# ours\nbtcusdt@trade\n")
      const { building, events } = yield* start({ STREAMS_FILE: path })
      yield* machine
      const { next, status, streams } = yield* follow(building)
      writeFileSync(path, "btcusdt@trade\n*usdt@ticker # all\n-eth*@*\n")
      assert.deepStrictEqual(yield* next, ["bnbusdt@ticker,btcusdt@ticker", "", "STREAMS_FILE has changed"])
      for (const [text, reason] of [
        ["btcusdt@trade\nnosuch@trade\n*usdt@ticker\n", "Binance does not know the symbol NOSUCH"],
        ["btcusdt@trade\n\n*usdt@trad\n", 'line 3, *usdt@trad: "trad" is no stream kind: did you mean *usdt@trade?'],
        ["*eur@trade", "*eur@trade: no symbol that is traded is left for it; `streams --symbols` lists the symbols"],
        ["# nothing", "it names no stream, such as btcusdt@trade"]
      ]) {
        writeFileSync(path, text ?? "")
        const refused = yield* lineOf(events, "A change is refused as a whole: what was goes on")
        assert.deepStrictEqual(refused, { source: `STREAMS_FILE=${path}`, reason })
        assert.strictEqual(nowOf(streams), "btcusdt@trade,bnbusdt@ticker,btcusdt@ticker")
        assert.deepStrictEqual(
          status.troubles().map(({ text }) => text),
          [`a change is refused, what was goes on: ${reason}`]
        )
      }
      rmSync(path)
      const refused = yield* lineOf(events, "A change is refused as a whole: what was goes on")
      assert.strictEqual(refused["reason"], "there is no such file")
      writeFileSync(path, "btcusdt@trade\n")
      assert.deepStrictEqual(yield* next, ["", "bnbusdt@ticker,btcusdt@ticker", "STREAMS_FILE has changed"])
      assert.deepStrictEqual(status.troubles(), [])
    })
  )

  it.effect("follow a file that says again what it said before a SIGHUP", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "streams.txt")
      writeFileSync(path, "btcusdt@trade\n")
      const { building } = yield* start({ STREAMS_FILE: path })
      const passing = yield* machine
      const { next } = yield* follow(building)
      writeFileSync(path, "ethusdt@trade\n")
      assert.deepStrictEqual(yield* next, ["ethusdt@trade", "btcusdt@trade", "STREAMS_FILE has changed"])
      // Not looked at until it is written again.
      yield* Fiber.interrupt(passing)
      writeFileSync(path, "bnbusdt@trade\n")
      process.emit("SIGHUP", "SIGHUP")
      assert.deepStrictEqual(yield* next, ["bnbusdt@trade", "ethusdt@trade", "SIGHUP"])
      writeFileSync(path, "ethusdt@trade\n")
      yield* machine
      assert.deepStrictEqual(yield* next, ["ethusdt@trade", "bnbusdt@trade", "STREAMS_FILE has changed"])
    })
  )

  it.effect("are read anew at a SIGHUP that came while the exchange did not answer yet", () =>
    Effect.gen(function* () {
      const listening = process.listenerCount("SIGHUP")
      const { building, events, market, now } = yield* start({ BINANCE_STREAMS: "btc*@trade" }, "away")
      assert.isAbove(process.listenerCount("SIGHUP"), listening)
      yield* Ref.set(now, { BINANCE_STREAMS: "ethusdt@trade" })
      process.emit("SIGHUP", "SIGHUP")
      yield* Ref.set(market, MARKET)
      yield* machine
      const { streams } = yield* follow(building)
      assert.strictEqual((yield* lineOf(events, "The settings change"))["joinedNames"], "ethusdt@trade")
      yield* Effect.repeat(Effect.yieldNow, { until: () => nowOf(streams) === "ethusdt@trade" })
    })
  )

  it.effect("follow a file that came while the exchange was away, once it is back", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "streams.txt")
      writeFileSync(path, "btcusdt@trade\n")
      const { building, events, market } = yield* start({ STREAMS_FILE: path, SYMBOLS_REFRESH_MINUTES: "1" })
      yield* machine
      const { next, status } = yield* follow(building)
      yield* Ref.set(market, undefined)
      writeFileSync(path, "btcusdt@trade\neth*@trade\n")
      yield* lineOf(events, "A change is refused as a whole: what was goes on")
      yield* Ref.set(market, MARKET)
      assert.deepStrictEqual(yield* next, ["ethbtc@trade,ethusdt@trade", "", "STREAMS_FILE has changed"])
      assert.deepStrictEqual(status.troubles(), [])
    })
  )

  it.effect("and other settings are read anew at SIGHUP; bad ones are refused whole", () =>
    Effect.gen(function* () {
      const { building, events, now } = yield* start({ BINANCE_STREAMS: "btcusdt@trade" })
      const { live, next, status, streams } = yield* follow(building)
      yield* Effect.repeat(
        Effect.sync(() => process.listenerCount("SIGHUP")),
        { until: (count) => count > 0 }
      )
      const hangup = (written: Written, message: string) =>
        Ref.set(now, written).pipe(
          Effect.andThen(Effect.sync(() => process.emit("SIGHUP", "SIGHUP"))),
          Effect.andThen(lineOf(events, message))
        )
      yield* hangup({ BINANCE_STREAMS: "ethusdt@trade", LOG_LEVEL: "LOUD" }, "A change is refused")
      assert.strictEqual(nowOf(streams), "btcusdt@trade")
      assert.strictEqual(live?.read().logLevel, "Info")
      assert.match(status.troubles()[0]?.text ?? "", /LOG_LEVEL=LOUD: expected one of/)
      const changed = {
        BINANCE_STREAMS: "ethusdt@trade",
        LOG_LEVEL: "DEBUG",
        ROLLOVER_WINDOW_UTC: "03:00-04:00",
        BATCH_SIZE: "7"
      }
      assert.deepStrictEqual(yield* hangup(changed, "The settings change"), {
        reason: "SIGHUP",
        joined: 1,
        joinedNames: "ethusdt@trade",
        left: 1,
        leftNames: "btcusdt@trade",
        LOG_LEVEL: "INFO -> DEBUG",
        ROLLOVER_WINDOW_UTC: "(unset) -> 03:00-04:00"
      })
      assert.deepStrictEqual(yield* lineOf(events, "only at the next start"), { names: "BATCH_SIZE" })
      assert.deepStrictEqual(yield* next, ["ethusdt@trade", "btcusdt@trade", "SIGHUP"])
      assert.strictEqual(live?.read().logLevel, "Debug")
      assert.isTrue(Option.isSome(live?.read().rollover.window ?? Option.none()))
      assert.deepStrictEqual(status.troubles(), [])
      yield* hangup(changed, "Nothing changes")
    })
  )
})

describe("a part of the streams", () => {
  it.effect("is followed by itself", () =>
    Effect.gen(function* () {
      const { building, market } = yield* start({ BINANCE_STREAMS: "*usdt@trade" })
      const { streams } = yield* follow(building)
      const part = only(streams, ({ symbol }) => symbol?.startsWith("B") === true)
      const { changes, streams: first } = yield* part.follow
      const seen = yield* Effect.forkScoped(Stream.runCollect(Stream.take(changes, 1)), { startImmediately: true })
      assert.strictEqual(namesOf(first), "bnbusdt@trade,btcusdt@trade")
      yield* Ref.set(market, { ...MARKET, ETHUSDT: { status: "BREAK" } })
      yield* TestClock.adjust("15 minutes")
      yield* Ref.set(market, { ...MARKET, BNXUSDT: {} })
      yield* TestClock.adjust("15 minutes")
      const [change] = yield* Fiber.join(seen)
      assert.strictEqual(namesOf(change?.joined ?? []), "bnxusdt@trade")
      assert.strictEqual(namesOf(change?.left ?? []), "")
      assert.strictEqual(nowOf(part), "bnbusdt@trade,bnxusdt@trade,btcusdt@trade")
    })
  )
})
