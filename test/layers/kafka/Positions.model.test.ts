/**
 * Processes one after the other, each killed at some moment, on a Kafka of which some topics do not answer at some moments:
 * each next one knows of every id whether it is stored.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Latch, Schema } from "effect"
import { TestClock } from "effect/testing"
import type * as Standing from "../../../src/pipeline/Standing.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import type { Span } from "../../../src/schema/StreamKind.ts"
import type { KafkaDriver } from "../../../src/services/KafkaDriver.ts"
import { continuity, make, trades } from "../../support/positions.ts"
import { range } from "../../support/tape.ts"

/** The first two stand in one partition. */
const SYMBOLS = ["BTCUSDT", "XRPUSDT", "ETHUSDT"]
const nameOf = (symbol: string) => `${symbol.toLowerCase()}@trade`

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Symbol = Schema.Literals(SYMBOLS)

const Step = Schema.Union([
  /** So many trades, after so many that are missed. */
  Schema.Struct({ live: Symbol, count: between(1, 5), missed: between(0, 3) }),
  /** So many of what was missed of one of those that lack something. */
  Schema.Struct({ late: between(0, 2), count: between(1, 4) }),
  Schema.Struct({ pass: Schema.Literals([100, 6000]) }),
  /** Answers so many more sends, and no others. */
  Schema.Struct({ hang: Schema.Literals(["positions", "continuity", "raw_trades"]), after: between(0, 2) }),
  Schema.Struct({ answer: Schema.Literals(["positions", "continuity", "raw_trades"]) }),
  Schema.Struct({ flush: Schema.Literal(true) }),
  Schema.Struct({ kill: Schema.Literal(true) })
])
type Step = typeof Step.Type
const Steps = Arbitrary.array(Arbitrary.schema(Step), { minLength: 5, maxLength: 40 })

const idsOf = (spans: ReadonlyArray<Span>) => spans.flatMap(({ first, last }) => [...range(first, last)])
const ascending = (ids: Iterable<number>) => [...ids].toSorted((a, b) => a - b)
const numberOf = ({ headers }: SinkRecord) => Number(headers["event-id"]?.split(":").at(-1))

const opened = (symbol: string, ids: ReadonlyArray<number>) =>
  ids.map((id) => continuity("gap-opened", id, id, nameOf(symbol)))
const filled = (symbol: string, { first, last }: Span, late: boolean) =>
  continuity("gap-filled", first, last, nameOf(symbol), late)

const run = (steps: ReadonlyArray<Step>) =>
  Effect.gen(function* () {
    const { broker, driver, during, publish } = yield* make({ streams: SYMBOLS.map(nameOf), batchSize: 2 })
    // Before that nobody knows what there should be.
    yield* publish(...SYMBOLS.flatMap((symbol) => trades(1, 1, symbol)))

    const stored = (symbol: string) =>
      Effect.map(broker.log("raw_trades"), (log) => log.flat().filter(({ key }) => key === symbol))

    const check = Effect.fnUntraced(function* (positions: Readonly<Record<string, Standing.Position>>) {
      for (const symbol of SYMBOLS) {
        const records = yield* stored(symbol)
        const ids = new Set(records.map(numberOf))
        assert.strictEqual(ids.size, records.length, `${symbol} twice`)
        const inOrder = records.filter(({ value }) => !value.toString().includes('"late":true')).map(numberOf)
        const position = positions[nameOf(symbol)]
        assert.strictEqual(position?.last ?? 0, Math.max(0, ...inOrder))
        const known = [...(position?.gaps ?? []), ...(position?.unsaid ?? [])]
        const missing = range(1, position?.last ?? 0).filter((id) => !ids.has(id))
        assert.deepStrictEqual(ascending(idsOf(known).filter((id) => id <= (position?.last ?? 0))), missing, symbol)
        assert.isTrue(idsOf(position?.filled ?? []).every((id) => ids.has(id)))
      }
    })

    /** Those up to the next kill; gives the steps after it. */
    const live = (rest: ReadonlyArray<Step>) => {
      const topics = new Map(
        ["positions", "continuity", "raw_trades"].map((topic) => [
          topic,
          { latch: Latch.makeUnsafe(true), left: Infinity }
        ])
      )
      const produce: KafkaDriver["Service"]["produce"] = (topic, ...rest) =>
        Effect.suspend(() => {
          const answers = topics.get(topic)
          if (answers !== undefined && answers.left-- <= 0) answers.latch.closeUnsafe()
          return Effect.andThen(answers?.latch.await ?? Effect.void, driver.produce(topic, ...rest))
        })
      const hang = (topic: string, left: number) => {
        const answers = topics.get(topic)
        if (answers === undefined) return
        answers.left = left
        answers.latch.openUnsafe()
      }
      return during(
        ({ load, sink }) =>
          Effect.gen(function* () {
            const positions = yield* load
            yield* check(positions)
            const last = new Map<string, number>()
            const missing = new Map<string, ReadonlyArray<number>>()
            for (const symbol of SYMBOLS) {
              const { filled: there = [], gaps = [], last: at = 0, unsaid = [] } = positions[nameOf(symbol)] ?? {}
              last.set(symbol, at)
              missing.set(symbol, ascending(idsOf([...gaps, ...unsaid]).filter((id) => id <= at)))
              yield* sink.publish([
                ...there.map((span) => filled(symbol, span, span.late)),
                ...gaps.flatMap(({ first, last }) =>
                  last > at ? [filled(symbol, { first: Math.max(first, at + 1), last }, false)] : []
                ),
                ...opened(symbol, idsOf(unsaid))
              ])
            }
            for (const [index, step] of rest.entries()) {
              if ("kill" in step) return rest.slice(index + 1)
              if ("pass" in step) yield* TestClock.adjust(step.pass)
              else if ("hang" in step) hang(step.hang, step.after)
              else if ("answer" in step) hang(step.answer, Infinity)
              else if ("flush" in step) yield* Effect.forkChild(sink.flush)
              else if ("late" in step) {
                const lacking = Array.from(missing).filter(([, ids]) => ids.length > 0)
                const [symbol, all] = lacking[step.late % Math.max(1, lacking.length)] ?? []
                if (symbol === undefined || all === undefined) continue
                const ids = all.slice(0, step.count)
                missing.set(symbol, all.slice(step.count))
                yield* sink.publish(ids.flatMap((id) => trades(id, id, symbol, true)))
                const said = sink.publish(ids.map((id) => filled(symbol, { first: id, last: id }, true)))
                yield* Effect.forkChild(Effect.andThen(sink.flush, said))
              } else {
                const from = (last.get(step.live) ?? 0) + 1 + step.missed
                const skipped = range(from - step.missed, from - 1)
                missing.set(step.live, [...(missing.get(step.live) ?? []), ...skipped])
                last.set(step.live, from + step.count - 1)
                yield* sink.publish([...opened(step.live, skipped), ...trades(from, from + step.count - 1, step.live)])
              }
              yield* TestClock.adjust(0)
            }
            return undefined
          }),
        { produce }
      )
    }
    for (let rest: ReadonlyArray<Step> | undefined = steps; rest !== undefined;) rest = yield* live(rest)
    yield* during(({ load }) => Effect.flatMap(load, check))
  }).pipe(Effect.scoped)

describe("positions in Kafka", () => {
  it.effect.prop(
    "tell of every id whether it is stored, whenever a process is killed",
    [Steps],
    ([steps]) => run(steps),
    { arbitrary: { runs: 200, size: 40 } }
  )
})
