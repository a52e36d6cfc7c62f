/** The exchange misbehaves; what is published is held against what it made. The sink is in memory, everything else is real. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Layer, Schedule } from "effect"
import * as BinanceHistory from "../../src/layers/BinanceHistory.ts"
import * as BinanceWebSocket from "../../src/layers/BinanceWebSocket.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemorySink from "../../src/layers/MemorySink.ts"
import * as Audit from "../../src/pipeline/Audit.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import { drop, duplicate, type Faults } from "../../src/simulator/Faults.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"

const symbols = ["BTCUSDT", "ETHUSDT", "BNBUSDT"]
const kinds = ["trade", "aggTrade", "kline_1s"]
const streams = symbols.flatMap((symbol) => kinds.map((kind) => `${symbol.toLowerCase()}@${kind}`))

/** The pipeline between the simulator and a sink in memory. */
const start = Effect.fnUntraced(function* (options: Partial<Simulator.SimulatorOptions> = {}) {
  const simulator = yield* Simulator.make({ rate: 600, symbols, ...options })
  const settings = settingsLayer({
    binance: {
      ...testSettings().binance,
      wsUrls: [new URL(simulator.wsUrl)],
      restUrls: [new URL(simulator.restUrl)],
      streams: streamNames(...streams),
      reconnectMaxDelay: Duration.millis(200)
    }
  })
  const context = yield* Layer.build(
    Layer.mergeAll(BinanceWebSocket.layer, BinanceHistory.layer, MemorySink.layer).pipe(
      Layer.provideMerge(HealthState.layer),
      Layer.provideMerge(settings)
    )
  )
  const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkScoped)
  const log = Context.get(context, MemorySink.MemoryLog)
  // A fault counts from where a stream has begun.
  yield* log.records.pipe(
    Effect.map((records) => new Set(records.map(({ headers }) => headers["event-id"]?.split(":").slice(2, 4).join()))),
    Effect.repeat({ until: ({ size }) => size === streams.length, schedule: Schedule.spaced("50 millis") })
  )
  return { simulator, log, fiber }
})

type World = Effect.Success<ReturnType<typeof start>>

/** Completes when so many more records have come. */
const come = Effect.fnUntraced(function* ({ log }: World, records: number) {
  const count = Effect.map(log.records, ({ length }) => length)
  const until = (yield* count) + records
  yield* Effect.repeat(count, { until: (now) => now >= until, schedule: Schedule.spaced("20 millis") })
})

const audited = (log: World["log"]) =>
  Effect.map(log.records, (records) => {
    const audit = Audit.make()
    for (const record of records) if (record.topic !== "continuity") audit.add(record)
    return audit.report()
  })

/** Halts the market; completes when all that it made is there, once and in order, from the first that was pushed on. */
const proved = Effect.fnUntraced(function* ({ fiber, log, simulator }: World) {
  simulator.setFaults({})
  const lasts = Effect.map(
    audited(log),
    ({ series }) => new Map(series.map((one) => [one.topic + one.symbol, one.last ?? 0]))
  )
  const before = yield* lasts
  // It flows again: of every stream there is something new.
  yield* Effect.repeat(lasts, {
    until: (now) => now.size === streams.length && [...now].every(([name, last]) => last > (before.get(name) ?? 0)),
    schedule: Schedule.spaced("50 millis")
  })
  simulator.pause()
  const missing = Effect.map(audited(log), ({ complete, series, unreadable }) => {
    const faults: Array<string> = complete ? [] : [JSON.stringify({ series, unreadable })]
    for (const one of series) {
      const made = simulator.ledger.generated(one.symbol)
      const end = one.stream === "trade" ? made?.trades.last : made?.aggregates.last
      const pushed = simulator.ledger.pushed.get(`${one.symbol.toLowerCase()}@${one.stream}`)
      // A candle of which only the beginning was seen is fetched, though nobody was there when it closed.
      if ((one.first ?? Infinity) > (pushed?.first ?? 0))
        faults.push(`${one.symbol} ${one.stream} begins at ${one.first}`)
      // The aggregate that still grows is not made yet.
      if (one.stream === "trade" && one.last !== end) faults.push(`${one.symbol} ends at ${one.last}, not ${end}`)
      if (one.stream === "aggTrade" && (one.last ?? 0) < (end ?? 0) - 1)
        faults.push(`${one.symbol} aggregates end early`)
    }
    if (series.length !== streams.length) faults.push(`${series.length} series`)
    return faults
  })
  const faults = yield* missing.pipe(
    Effect.repeat({ until: (faults) => faults.length === 0, schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOrElse({ duration: "40 seconds", orElse: () => missing })
  )
  assert.deepStrictEqual(faults, [])
  yield* Fiber.interrupt(fiber)
})

type OnFrame = NonNullable<Faults["onFrame"]>

/** One frame in so many. */
const oneIn = (count: number, fault: OnFrame): OnFrame => {
  let n = 0
  return (frame, connection) => (++n % count === 0 ? fault(frame, connection) : undefined)
}

describe("what the exchange made is published once and in order", () => {
  it.live("when connections are cut in a burst", () =>
    Effect.gen(function* () {
      const world = yield* start()
      for (let round = 0; round < 4; round++) {
        world.simulator.cutAll(round % 2 === 0 ? "terminate" : { code: 1001, reason: "going away" })
        yield* come(world, 600)
      }
      yield* proved(world)
    })
  )

  it.live("when frames are lost, doubled and late", () =>
    Effect.gen(function* () {
      const world = yield* start()
      const lost = oneIn(17, () => drop)
      const doubled = oneIn(5, duplicate)
      const late = oneIn(13, () => ({ delayMillis: 120 }))
      world.simulator.setFaults({
        onFrame: (frame, connection) => lost(frame, connection) ?? doubled(frame, connection) ?? late(frame, connection)
      })
      yield* come(world, 3000)
      yield* proved(world)
    })
  )

  it.live("when the history lags, errs and breaks off", () =>
    Effect.gen(function* () {
      const world = yield* start()
      let asked = 0
      world.simulator.setFaults({
        onFrame: oneIn(25, () => drop),
        onRest: () => {
          asked++
          if (asked % 4 === 0) return { answer: { status: 503 } }
          if (asked % 4 === 1) return { truncateAt: 40 }
          return { lagMillis: 1500 }
        }
      })
      // Each of its faults, more than once.
      yield* Effect.repeat(
        Effect.sync(() => asked),
        { until: (times) => times >= 12, schedule: Schedule.spaced("20 millis") }
      )
      yield* proved(world)
    })
  )
})
