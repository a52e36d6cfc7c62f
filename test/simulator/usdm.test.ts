/** The simulated futures: which address pushes what, and what REST has of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { connect, get } from "./client.ts"

const make = (options: Partial<Simulator.SimulatorOptions> = {}) =>
  Simulator.make({ market: "usdm", symbols: ["BTCUSDT", "ETHUSDT"], rate: 50, ...options })

const OF_BOOK = ["btcusdt@bookTicker", "btcusdt@depth@100ms", "btcusdt@depth5@100ms", "!bookTicker"]
const OF_MARKET = [
  "btcusdt@aggTrade",
  "btcusdt@kline_1m",
  "btcusdt@markPrice@1s",
  "btcusdt@ticker",
  "btcusdt@miniTicker",
  "btcusdt@forceOrder",
  "!ticker@arr",
  "!miniTicker@arr",
  "!markPrice@arr",
  "!forceOrder@arr"
]

/** The streams that somebody gets who asks one address for all of them, by SUBSCRIBE and by URL. */
const pushedAt = Effect.fnUntraced(function* (path: string) {
  const { port } = yield* make()
  const base = `ws://127.0.0.1:${port}${path}/stream`
  const asked = yield* connect(base)
  const acknowledged = yield* Effect.all(
    [
      asked.ask({ method: "SUBSCRIBE", params: [...OF_BOOK, ...OF_MARKET], id: 1 }),
      asked.ask({ method: "LIST_SUBSCRIPTIONS", id: 2 })
    ],
    { concurrency: 1 }
  )
  const inUrl = yield* connect(`${base}?streams=${[...OF_BOOK, ...OF_MARKET].join("/")}`)
  const seen = new Set<string>()
  const both = [asked, inUrl]
  for (let second = 0; second < 8; second++) {
    yield* TestClock.adjust("1 second")
    for (const [index, client] of both.entries()) {
      // The answer comes behind whatever was pushed until then.
      yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 3 + second })
      for (const frame of yield* Queue.clear(client.frames)) {
        const { stream }: { stream: string } = JSON.parse(frame)
        seen.add(`${index} ${stream}`)
      }
    }
  }
  return { acknowledged, seen }
})

describe("the address of the futures", () => {
  it.effect.each([
    ["/public", OF_BOOK],
    ["/market", OF_MARKET],
    ["/private", []],
    ["", OF_BOOK]
  ] as const)("%s acknowledges everything and pushes its own alone", ([path, streams]) =>
    Effect.gen(function* () {
      const { acknowledged, seen } = yield* pushedAt(path)
      const [subscribed = "", listed = ""] = acknowledged
      assert.deepStrictEqual(JSON.parse(subscribed), { result: null, id: 1 })
      assert.sameMembers(JSON.parse(listed).result, [...OF_BOOK, ...OF_MARKET])
      assert.sameMembers([...seen], [...streams.map((name) => `0 ${name}`), ...streams.map((name) => `1 ${name}`)])
    })
  )

  it.effect("has no other parts", () =>
    Effect.gen(function* () {
      const { port } = yield* make()
      for (const path of ["/other/stream", "/market", "/market/stream/more"]) {
        const { status } = yield* Effect.flip(connect(`ws://127.0.0.1:${port}${path}`))
        assert.strictEqual(status, 404, path)
      }
      const spot = yield* Simulator.make()
      assert.strictEqual((yield* Effect.flip(connect(`ws://127.0.0.1:${spot.port}/market/stream`))).status, 404)
    })
  )
})

describe("the REST side of the futures", () => {
  it.effect("has the endpoints under their own path, with their own weights", () =>
    Effect.gen(function* () {
      const { restUrl } = yield* make()
      const used = (reply: { readonly headers: Headers }) => Number(reply.headers.get("x-mbx-used-weight-1m"))
      assert.strictEqual((yield* get(`${restUrl}/api/v3/time`)).status, 404)
      const info = yield* get(`${restUrl}/fapi/v1/exchangeInfo`)
      assert.deepStrictEqual(
        JSON.parse(info.text).symbols.map(({ symbol }: { symbol: string }) => symbol),
        ["BTCUSDT", "ETHUSDT"]
      )
      assert.strictEqual(JSON.parse(info.text).rateLimits[0].limit, 2400)
      assert.strictEqual(used(info), 1)
      assert.strictEqual(used(yield* get(`${restUrl}/fapi/v1/aggTrades?symbol=BTCUSDT&limit=5`)), 21)
      for (const [limit, weight] of [
        [99, 1],
        [100, 2],
        [500, 5],
        [1000, 5]
      ] as const) {
        const before = used(yield* get(`${restUrl}/fapi/v1/ping`))
        const after = used(yield* get(`${restUrl}/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=${limit}`))
        assert.strictEqual(after - before, weight, String(limit))
      }
      for (const query of ["exchangeInfo?symbol=BTCUSDT", "klines?symbol=BTCUSDT&interval=1s", "historicalTrades"]) {
        assert.notStrictEqual((yield* get(`${restUrl}/fapi/v1/${query}`)).status, 200, query)
      }
    })
  )

  it.effect("tells the aggregate trades of the last 24 hours", () =>
    Effect.gen(function* () {
      const start = Date.UTC(2026, 10, 23)
      const { ledger, now, restUrl } = yield* make({ start, symbols: ["BTCUSDT"], rate: 0.05, history: 6000 })
      const { first, last } = ledger.generated("BTCUSDT")!.aggregates
      const reply = yield* get(`${restUrl}/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=${first}&limit=1000`)
      const rows: ReadonlyArray<{ a: number; T: number }> = JSON.parse(reply.text)
      const oldest = rows[0]!
      assert.isAbove(oldest.a, first)
      assert.isBelow(oldest.a, last)
      assert.isAtMost(now() - oldest.T, 24 * 3_600_000)
      assert.isAtLeast(now() - oldest.T, 23 * 3_600_000)
    })
  )
})
