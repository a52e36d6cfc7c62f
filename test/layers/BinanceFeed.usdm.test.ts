/** The feed of USD-M futures over real sockets: every stream is asked for where it is pushed, whatever becomes of its connection. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Queue } from "effect"
import { usdm } from "../../src/schema/Market.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import * as Feed from "../support/feed.ts"
import { usdmNames } from "../support/settings.ts"

const of = (...names: ReadonlyArray<string>) => usdmNames(...names)
const book = of("btcusdt@bookTicker", "btcusdt@depth@100ms", "ethusdt@depth5@100ms")
const market = of("btcusdt@aggTrade", "ethusdt@aggTrade", "btcusdt@kline_1m", "btcusdt@markPrice@1s")
/** As a user mixes them. */
const all = [book[0]!, market[0]!, market[1]!, book[1]!, market[2]!, book[2]!, market[3]!]

const start = Effect.fnUntraced(function* (lines: 1 | 2 = 1) {
  const simulator = yield* Simulator.make({ market: "usdm", symbols: ["BTCUSDT", "ETHUSDT"], rate: 300 })
  const feed = yield* Feed.start({
    market: usdm,
    wsUrls: [new URL(simulator.wsUrl)],
    lines,
    streams: all,
    reconnectMaxDelay: Duration.millis(50)
  })
  return { simulator, ...feed }
})

/** By the path that a connection was asked for at, what it is subscribed to. */
const carried = ({ streams }: Simulator.Simulator) =>
  Array.from(streams.connections, ({ streams, url }) => [/^\/\w+\/stream/.exec(url)?.[0] ?? url, ...streams].join(" "))

const line = (path: string, streams: ReadonlyArray<{ readonly name: string }>) =>
  [path, ...streams.map(({ name }) => name)].join(" ")

/** Completes when data of every one of these has come. */
const dataOfAll = Effect.fnUntraced(function* (
  delivered: Queue.Dequeue<Feed.Delivered>,
  streams: ReadonlyArray<{ readonly name: string }>
) {
  const waiting = new Set(streams.map(({ name }) => name))
  while (waiting.size > 0) waiting.delete((yield* Queue.take(delivered)).stream)
})

describe("the feed of futures", () => {
  it.live.each([1, 2] as const)(
    "asks each part of the address for its own streams, on %d lines, so that none is mute",
    (lines) =>
      Effect.gen(function* () {
        const { delivered, simulator } = yield* start(lines)
        yield* dataOfAll(delivered, all)
        const once = [line("/public/stream", book), line("/market/stream", market)]
        assert.sameMembers(carried(simulator), lines === 1 ? once : [...once, ...once])
      })
  )

  it.live("asks there again when its connections have broken", () =>
    Effect.gen(function* () {
      const { delivered, logged, simulator } = yield* start()
      yield* dataOfAll(delivered, all)
      yield* Queue.clear(logged)
      simulator.cutAll("terminate")
      for (let n = 0; n < 2; n++) yield* Feed.lineOf(logged, "Data flows")
      yield* Queue.clear(delivered)
      yield* dataOfAll(delivered, all)
      assert.sameMembers(carried(simulator), [line("/public/stream", book), line("/market/stream", market)])
    })
  )

  it.live("moves what stays mute to connections of the same part", () =>
    Effect.gen(function* () {
      const { delivered, feed, simulator } = yield* start()
      yield* dataOfAll(delivered, all)
      const mute = [book[1]!, market[0]!]
      for (const { name } of mute) simulator.deafen(name, "connect anew")
      yield* feed.renew(mute)
      yield* feed.renew(mute)
      yield* Queue.clear(delivered)
      yield* dataOfAll(delivered, mute)
      const moved = carried(simulator).filter((one) => one.split(" ").length === 2)
      assert.sameMembers(moved, [line("/public/stream", [mute[0]!]), line("/market/stream", [mute[1]!])])
    })
  )
})
