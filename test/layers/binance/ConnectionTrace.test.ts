import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import * as ConnectionTrace from "../../../src/layers/binance/ConnectionTrace.ts"
import { disconnected } from "../../../src/layers/binance/Disconnected.ts"
import * as Spans from "../../support/spans.ts"

const url = new URL("wss://stream.binance.com:9443/stream")

const begin = (kept: ReturnType<typeof Spans.make>) =>
  ConnectionTrace.begin("binance-1", url, 3).pipe(Spans.within(kept))

describe("the trace of a connection", () => {
  it.effect("shows its life, its root over when data flows", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const { dataFlows, ended, opened, span, subscribed, tookOver } = yield* begin(kept)
      for (const step of [opened, subscribed, dataFlows]) {
        yield* TestClock.adjust(10)
        yield* step
      }
      yield* TestClock.adjust(1000)
      const old = yield* begin(kept)
      yield* tookOver("age", old.span)
      yield* TestClock.adjust(1000)
      yield* ended(Exit.fail(disconnected("silent", "no data for 1s")))
      const mine = kept.spans.filter(({ traceId }) => traceId === span.traceId)
      assert.deepStrictEqual(
        kept.times().filter((_, index) => kept.spans[index]?.traceId === span.traceId),
        [
          ["connection", 0, 30],
          ["connect", 0, 10],
          ["subscribe", 10, 20],
          ["first data", 10, 30],
          ["rollover", 10, 1030],
          ["close", 2030, 2030]
        ]
      )
      for (const child of mine.slice(1)) assert.strictEqual(Spans.parentOf(child), span.spanId)
      assert.strictEqual(kept.named("rollover").links[0]?.span.traceId, old.span.traceId)
      const close = kept.named("close")
      assert.isTrue(kept.failed(close))
      assert.deepStrictEqual(kept.attributes(close), {
        "binance.kind": "silent",
        "binance.reason": "no data for 1s",
        "error.type": "silent",
        "binance.open_seconds": 2.02
      })
    })
  )

  it.effect("fails where there never was data", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const trace = yield* begin(kept)
      yield* trace.ended(Exit.fail(disconnected("refused", "HTTP 451")))
      assert.deepStrictEqual(kept.names(), ["connection", "close"])
      assert.isTrue(kept.failed(kept.named("connection")))
      assert.deepInclude(kept.attributes(kept.named("connection")), {
        "binance.connection": "binance-1",
        "binance.streams": 3,
        "server.address": "stream.binance.com",
        "server.port": 9443
      })
    })
  )

  it.effect("tells a replaced one from one that is stopped", () =>
    Effect.gen(function* () {
      const kept = Spans.make()
      const next = yield* begin(kept)
      const replaced = yield* begin(kept)
      replaced.replaced("age", next.span)
      yield* replaced.ended(Exit.interrupt(1))
      yield* next.ended(Exit.interrupt(1))
      const closes = kept.spans.filter(({ name }) => name === "close")
      assert.deepStrictEqual(
        closes.map((span) => [
          kept.attributes(span)["binance.kind"],
          kept.attributes(span)["binance.reason"],
          kept.failed(span),
          span.links.map(({ span: { traceId } }) => traceId)
        ]),
        [
          ["rollover", "age", false, [next.span.traceId]],
          ["stopped", "the feed is closed", false, []]
        ]
      )
    })
  )
})
