/** Runs one after the other on a Kafka in memory that is away at bad moments: what the topics hold in the end. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as MemoryKafka from "../../src/layers/MemoryKafka.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { Instance } from "../../src/services/Instance.ts"
import { KafkaDriver, KafkaError } from "../../src/services/KafkaDriver.ts"
import { continuity } from "../support/positions.ts"
import { settingsLayer } from "../support/settings.ts"
import { range, trade } from "../support/tape.ts"

const NOW = 1_700_000_000_000
const away = new KafkaError({ kind: "Unreachable", message: "away" })

const said = ({ headers, topic, value }: SinkRecord): string => {
  const { from, late, to, type } = JSON.parse(new TextDecoder().decode(value))
  const what = topic === "continuity" ? `${type} ${from}-${to}` : headers["event-id"]?.split(":").at(-1)
  return `${what}${late === true ? " late" : ""}`
}

const world = Effect.gen(function* () {
  yield* TestClock.setTime(NOW)
  const kafka = yield* Layer.build(MemoryKafka.layerWith({ idempotent: false }))
  const broker = Context.get(kafka, MemoryKafka.MemoryBroker)
  const driver = Context.get(kafka, KafkaDriver)
  let runs = 0

  const run = Effect.fnUntraced(function* (produce: KafkaDriver["Service"]["produce"] = driver.produce) {
    const provided = KafkaSink.layer.pipe(
      Layer.provideMerge(
        Layer.mergeAll(
          Layer.succeed(KafkaDriver, { ...driver, produce }),
          Layer.succeed(Instance, `run ${runs++}`),
          settingsLayer(),
          HealthState.layer,
          Logger.layer([])
        )
      ),
      Layer.provideMerge(Layer.mergeAll(MemoryFeed.layer, MemoryHistory.layer))
    )
    const scope = yield* Scope.fork(yield* Effect.scope)
    const context = yield* Layer.buildWithScope(provided, scope)
    const fiber = yield* Ingest.run.pipe(Effect.provide(context), Effect.forkIn(scope))
    yield* TestClock.adjust(0)
    const frames = Context.get(context, MemoryFeed.MemoryFrames)
    const past = Context.get(context, MemoryHistory.MemoryPast)
    return {
      /** Trades that come live. */
      live: (from: number, to: number) =>
        Effect.forEach(range(from, to), (id) => frames.offer(`{"stream":"btcusdt@trade","data":${trade(id).json}}`), {
          discard: true
        }),
      /** What the exchange's history has. */
      past: (from: number, to: number) =>
        past.set(
          "btcusdt@trade",
          range(from, to).map((id) => trade(id))
        ),
      stop: Effect.gen(function* () {
        yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* TestClock.adjust("10 seconds")
        yield* Scope.close(scope, Exit.void)
      }),
      kill: Scope.close(scope, Exit.void)
    }
  })

  const pass = (seconds: number) =>
    Effect.gen(function* () {
      for (let n = 0; n < seconds * 4; n++) yield* TestClock.adjust("250 millis")
    })
  const log = (topic: string) => Effect.map(broker.log(topic), (partitions) => partitions.flat().map(said))
  const ids = Effect.map(log("raw_trades"), (all) => all.map(Number.parseFloat).toSorted((a, b) => a - b))

  return { broker, driver, run, pass, log, ids }
})

/** 1 to 10 are stored by a run that is stopped; the one after it starts without Kafka. */
const startedWithoutKafka = Effect.gen(function* () {
  const it = yield* world
  const first = yield* it.run()
  yield* first.live(1, 10)
  yield* it.pass(10)
  yield* first.stop
  return it
})

describe("a run that learns late where the one before it stopped", () => {
  it.effect("opens what lies between, though no positions are written", () =>
    Effect.gen(function* () {
      const { broker, log, pass, run } = yield* startedWithoutKafka
      yield* broker.deleteTopic("positions")
      yield* broker.outage(away)
      const second = yield* run()
      yield* pass(15)
      yield* second.live(30, 40)
      yield* pass(10)
      yield* broker.outage(undefined)
      yield* pass(30)
      assert.include(yield* log("raw_trades"), "40")
      assert.include(yield* log("continuity"), "gap-opened 11-29")
    })
  )

  it.effect("does not take a gap for filled that an earlier run had opened", () =>
    Effect.gen(function* () {
      const { broker, driver, ids, pass, run } = yield* startedWithoutKafka
      // Killed before 30 was stored.
      yield* driver.produce("continuity", 0, [continuity("gap-opened", 11, 29)])
      yield* broker.outage(away)
      const second = yield* run()
      yield* pass(15)
      yield* second.live(50, 60)
      yield* pass(10)
      yield* broker.outage(undefined)
      // Killed before the history gave anything.
      yield* pass(20)
      yield* second.kill
      const third = yield* run()
      yield* third.past(1, 70)
      yield* pass(10)
      yield* third.live(61, 70)
      yield* pass(100)
      assert.deepStrictEqual(yield* ids, [...range(1, 70)])
    })
  )

  it.effect.each([0, 2, 5])("fills its own gaps once, with a continuity topic slower by %i s", (slow) =>
    Effect.gen(function* () {
      const { broker, driver, ids, pass, run } = yield* startedWithoutKafka
      yield* broker.outage(away)
      const second = yield* run((topic, ...rest) =>
        Effect.andThen(topic === "continuity" ? Effect.sleep(slow * 1000) : Effect.void, driver.produce(topic, ...rest))
      )
      yield* pass(15)
      yield* second.live(30, 35)
      yield* second.live(40, 45)
      yield* pass(200)
      yield* second.past(1, 50)
      yield* pass(100)
      yield* broker.outage(undefined)
      yield* pass(200)
      assert.deepStrictEqual(
        (yield* ids).filter((id) => id <= 45),
        [...range(1, 45)]
      )
    })
  )
})

describe("a start", () => {
  it.effect("says more than the queue holds", () =>
    Effect.gen(function* () {
      const it = yield* world
      const first = yield* it.run()
      yield* first.live(1, 10)
      yield* it.pass(10)
      yield* first.stop
      const gaps = range(0, 9000).map((n) => continuity("gap-opened", 11 + 3 * n, 12 + 3 * n))
      for (let n = 0; n < gaps.length; n += 1000) yield* it.driver.produce("continuity", 0, gaps.slice(n, n + 1000))
      const second = yield* it.run()
      yield* second.live(11, 20)
      yield* it.pass(30)
      assert.include(yield* it.ids, 20)
    })
  )
})

describe("a stop while the data topic is away", () => {
  const stopped = Effect.gen(function* () {
    const it = yield* world
    let isAway = false
    const first = yield* it.run((topic, ...rest) =>
      isAway && topic === "raw_trades" ? Effect.fail(away) : it.driver.produce(topic, ...rest)
    )
    yield* first.live(1, 10)
    yield* it.pass(5)
    yield* first.live(21, 30)
    yield* it.pass(150)
    assert.include(yield* it.log("continuity"), "gap-opened 11-20")
    isAway = true
    yield* first.past(1, 30)
    yield* it.pass(75)
    yield* first.stop
    return it
  })

  it.effect("does not say of what is late that it is filled", () =>
    Effect.gen(function* () {
      const { log } = yield* stopped
      assert.notInclude((yield* log("raw_trades")).join(), "late")
      assert.notInclude((yield* log("continuity")).join(), "gap-filled")
    })
  )

  it.effect("leaves it to the next start", () =>
    Effect.gen(function* () {
      const { ids, pass, run } = yield* stopped
      const second = yield* run()
      yield* second.past(1, 40)
      yield* second.live(31, 40)
      yield* pass(150)
      assert.deepStrictEqual(yield* ids, [...range(1, 40)])
    })
  )
})
