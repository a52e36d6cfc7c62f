import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as GapTrace from "../../src/pipeline/GapTrace.ts"
import type { Gap, Request } from "../../src/pipeline/Sequencer.ts"
import { HistoryError, type Page } from "../../src/services/MarketHistory.ts"
import { settingsLayer, streamNames } from "../support/settings.ts"
import * as Spans from "../support/spans.ts"

const [btc, eth] = streamNames("btcusdt@trade", "ethusdt@trade")
assert(btc !== undefined && eth !== undefined)

const request = (stream = btc, more: Partial<Request> = {}): Request => ({
  stream,
  first: 11,
  last: 20,
  until: 30,
  late: false,
  limit: 21,
  missingFor: 300,
  ...more
})

const event = {
  json: "{}",
  facts: { id: "11", symbol: undefined, span: undefined, eventTime: 0, exact: true }
} as const
const page: Page = { events: [event, event], voids: [13] }
const answer: Effect.Effect<Page, HistoryError> = Effect.succeed(page)

const start = Effect.gen(function* () {
  const kept = Spans.make()
  const missing = { holes: new Array<Gap>(), gaps: new Array<Gap>() }
  const otel = { endpoint: Option.some(new URL("http://127.0.0.1:1")), serviceName: "", ratio: 0 }
  const trace = yield* GapTrace.make({ holes: () => missing.holes, gaps: () => missing.gaps }).pipe(
    Spans.within(kept),
    Effect.provide(settingsLayer({ otel }))
  )
  yield* TestClock.setTime(1000)
  return {
    kept,
    missing,
    trace,
    ask: (one: Request, asked = answer) => trace.page(one, asked).pipe(Spans.within(kept))
  }
})

const gap = { stream: btc, first: 11, last: 20 }

describe("the trace of a gap", () => {
  it.effect("begins with its detection and ends when it is filled", () =>
    Effect.gen(function* () {
      const { ask, kept, missing, trace } = yield* start
      missing.holes.push(gap)
      yield* ask(request())
      trace.look()
      yield* TestClock.adjust(500)
      yield* ask(request(btc, { first: 13 }))
      assert.deepStrictEqual(kept.names(), ["gap", "page", "page"])
      missing.holes.length = 0
      trace.look()
      trace.look()
      assert.deepStrictEqual(kept.times(), [
        ["gap", 700, 1000],
        ["page", 1000, 1000],
        ["page", 1500, 1500],
        ["filled", 700, 1500]
      ])
      assert.strictEqual(new Set(kept.spans.map(({ traceId }) => traceId)).size, 1)
      assert.deepInclude(kept.attributes(kept.named("gap")), { "binance.from": 11, "binance.to": 20 })
      assert.deepInclude(kept.attributes(kept.named("page")), { "binance.events": 2, "binance.voids": 1 })
      assert.deepInclude(kept.attributes(kept.named("filled")), { "binance.pages": 2, "binance.events": 4 })
    })
  )

  it.effect("goes on where live goes beyond it", () =>
    Effect.gen(function* () {
      const { ask, kept, missing, trace } = yield* start
      missing.holes.push(gap)
      yield* ask(request())
      missing.gaps.push(...missing.holes.splice(0))
      yield* ask(request(btc, { late: true }))
      yield* ask(request(btc, { late: true }))
      trace.look()
      assert.deepStrictEqual(kept.names(), ["gap", "page", "opened", "page", "page"])
    })
  )

  it.effect("is one for each stream, and a new one the next time", () =>
    Effect.gen(function* () {
      const { ask, kept, missing, trace } = yield* start
      missing.holes.push(gap, { ...gap, stream: eth })
      yield* ask(request())
      yield* ask(request(eth))
      missing.holes.length = 0
      trace.look()
      missing.holes.push(gap)
      yield* ask(request())
      const roots = kept.spans.filter(({ name }) => name === "gap")
      assert.deepStrictEqual(
        roots.map((root) => kept.attributes(root)["binance.stream"]),
        [btc.name, eth.name, btc.name]
      )
      assert.strictEqual(new Set(roots.map(({ traceId }) => traceId)).size, 3)
    })
  )

  it.effect("says which page was not to be had, and has its log lines", () =>
    Effect.gen(function* () {
      const { ask, kept, missing, trace } = yield* start
      missing.holes.push(gap)
      yield* Effect.exit(ask(request(), Effect.fail(new HistoryError({ message: "HTTP 502" }))))
      assert.isTrue(kept.failed(kept.named("page")))
      const span = yield* trace.within(btc.name)(Effect.serviceOption(Tracer.ParentSpan))
      assert.strictEqual(Option.getOrUndefined(span)?.traceId, kept.named("gap").traceId)
      assert.deepStrictEqual(yield* trace.within(eth.name)(Effect.serviceOption(Tracer.ParentSpan)), Option.none())
    })
  )

  it.effect("counts the pages beyond the first hundred only", () =>
    Effect.gen(function* () {
      const { ask, kept, missing, trace } = yield* start
      missing.holes.push(gap)
      yield* Effect.forEach(Array.from({ length: 250 }), () => ask(request()), { discard: true })
      missing.holes.length = 0
      trace.look()
      assert.strictEqual(kept.names().filter((name) => name === "page").length, 100)
      assert.strictEqual(kept.attributes(kept.named("filled"))["binance.pages"], 250)
    })
  )
})
