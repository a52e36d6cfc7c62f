import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { TestClock } from "effect/testing"
import { streamKinds } from "../../src/schema/kinds/registry.ts"
import { parseStreamName } from "../../src/schema/StreamName.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { parseTarget } from "../../src/simulator/StreamServer.ts"
import { venues } from "../../src/simulator/venues.ts"
import { type Client, connect, get } from "./client.ts"

const start = Date.UTC(2026, 10, 23, 15, 59, 57)

const make = (options: Partial<Simulator.SimulatorOptions> = {}) => Simulator.make({ start, rate: 300, ...options })

interface Event {
  readonly stream: string
  readonly data: Record<string, unknown>
}

/** Lets time pass, then takes what has come when the server has answered a question sent after it. */
const collect = (client: Client, time: "100 millis" | "1 second" | "3 seconds" | "10 seconds") =>
  Effect.gen(function* () {
    yield* TestClock.adjust(time)
    yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 99 })
    return (yield* Queue.clear(client.frames)).map((text): Event => JSON.parse(text))
  })

const idsOf = (events: ReadonlyArray<Event>, stream: string, key: string): ReadonlyArray<number> =>
  events.filter((event) => event.stream === stream).map(({ data }) => Number(data[key]))

const assertContiguous = (ids: ReadonlyArray<number>) => {
  assert.isAbove(ids.length, 1)
  assert.deepStrictEqual(
    ids,
    ids.map((_, index) => ids[0]! + index)
  )
}

describe("streams", () => {
  it.effect("carry every kind of the registry, in every form, in the shape that its schema expects", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const names = streamKinds.flatMap((kind) =>
        kind.allMarket.concat(kind.suffixes.map((suffix) => `btcusdt@${suffix}`))
      )
      for (const timeUnit of ["MILLISECOND", "MICROSECOND"]) {
        const query = names.map(encodeURIComponent).join("/")
        const client = yield* connect(`${simulator.wsUrl}?streams=${query}&timeUnit=${timeUnit}`)
        const events = yield* collect(client, "10 seconds")
        const seen = new Set(events.map(({ stream }) => stream))
        assert.deepStrictEqual(
          names.filter((name) => !seen.has(name)),
          []
        )
        for (const { stream, data } of events) {
          const parsed = parseStreamName(stream)
          assert.strictEqual(parsed._tag, "Success", stream)
          if (parsed._tag === "Failure") continue
          for (const row of Array.isArray(data) ? data : [data]) {
            const decoded = parsed.success.kind.decode(row)
            assert.strictEqual(decoded._tag, "Success", `${stream} ${JSON.stringify(row)}`)
            const time: unknown = row["E"]
            if (typeof time === "number") assert.strictEqual(String(time).length, timeUnit === "MILLISECOND" ? 13 : 16)
          }
        }
      }
    })
  )

  it.effect("push every trade, aggregate and closed candle once, as the ledger has it", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* connect(
        `${simulator.wsUrl}?streams=btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1s/btcusdt@kline_1m`
      )
      const events = yield* collect(client, "10 seconds")
      const trades = idsOf(events, "btcusdt@trade", "t")
      const aggregates = idsOf(events, "btcusdt@aggTrade", "a")
      assertContiguous(trades)
      assertContiguous(aggregates)
      const closed = events
        .map(({ data }) => data["k"] as Record<string, unknown> | undefined)
        .filter((candle) => candle?.["x"] === true)
      const seconds = closed.filter((candle) => candle!["i"] === "1s").map((candle) => Number(candle!["t"]))
      assert.deepStrictEqual(
        seconds,
        Array.from({ length: 10 }, (_, index) => start + 1000 * index)
      )
      assert.strictEqual(closed.length, 11)
      const range = (ids: ReadonlyArray<number>) => ({ first: ids[0]!, last: ids.at(-1)!, count: ids.length })
      const { pushed } = simulator.ledger
      assert.deepStrictEqual(pushed.get("btcusdt@trade"), range(trades))
      assert.deepStrictEqual(pushed.get("btcusdt@aggTrade"), range(aggregates))
      assert.deepStrictEqual(pushed.get("btcusdt@kline_1s"), range(seconds))
      assert.strictEqual(simulator.ledger.generated("BTCUSDT")!.trades.last, trades.at(-1))
      for (const event of events.filter(({ stream }) => stream.endsWith("rade"))) {
        const { t, a } = event.data
        const expected =
          event.stream === "btcusdt@trade"
            ? simulator.ledger.tradePayload("BTCUSDT", Number(t))
            : simulator.ledger.aggregatePayload("BTCUSDT", Number(a))
        assert.strictEqual(JSON.stringify(event.data), expected)
      }
    })
  )

  it.effect("send depth differences that continue one another and the REST snapshot", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* connect(`${simulator.wsUrl}?streams=ethusdt@depth@100ms/ethusdt@depth`)
      const before = yield* collect(client, "3 seconds")
      const snapshot = JSON.parse((yield* get(`${simulator.restUrl}/api/v3/depth?symbol=ETHUSDT&limit=5000`)).text)
      const events = [...before, ...(yield* collect(client, "1 second"))]
      for (const stream of ["ethusdt@depth", "ethusdt@depth@100ms"]) {
        const spans = events.filter((event) => event.stream === stream).map(({ data }) => data)
        assert.isAbove(spans.length, 2)
        assert.isTrue(spans.every(({ U }, index) => index === 0 || U === Number(spans[index - 1]!["u"]) + 1))
        const id = Number(snapshot.lastUpdateId)
        const next = spans.find(({ u }) => Number(u) > id)!
        assert.isAtMost(Number(next["U"]), id + 1)
      }
    })
  )

  it.effect("hold only the symbols that traded in their arrays", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ shares: { ETHUSDT: 0 } })
      const client = yield* connect(`${simulator.wsUrl}?streams=!miniTicker@arr`)
      yield* collect(client, "1 second")
      const events = yield* collect(client, "1 second")
      const symbols = events.flatMap(({ data }) => (Array.isArray(data) ? data : [])).map(({ s }) => s)
      assert.deepStrictEqual(symbols, ["BTCUSDT", "BNBUSDT"])
    })
  )

  it.effect("come unwrapped on /ws", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* connect(`ws://127.0.0.1:${simulator.port}/ws/bnbusdt@trade`)
      yield* TestClock.adjust("1 second")
      assert.match(yield* Queue.take(client.frames), /^\{"e":"trade","E":\d+,"s":"BNBUSDT"/)
    })
  )

  it.effect("stay silent for unknown symbols, upper-case names and muted streams", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* connect(simulator.wsUrl)
      const params = ["nosuch@trade", "BTCUSDT@trade", "btcusdt@nosuch", "btcusdt@trade", "ethusdt@trade"]
      assert.strictEqual(yield* client.ask({ method: "SUBSCRIBE", params, id: 1 }), '{"result":null,"id":1}')
      simulator.mute("btcusdt@trade")
      const muted = yield* collect(client, "1 second")
      assert.deepStrictEqual([...new Set(muted.map(({ stream }) => stream))], ["ethusdt@trade"])
      simulator.unmute("btcusdt@trade")
      const all = yield* collect(client, "1 second")
      assert.sameMembers([...new Set(all.map(({ stream }) => stream))], ["ethusdt@trade", "btcusdt@trade"])
    })
  )

  it.effect("carry symbols that are not ASCII", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ symbols: ["币安人生USDT"] })
      const client = yield* connect(`${simulator.wsUrl}?streams=${encodeURIComponent("币安人生usdt@trade")}`)
      const events = yield* collect(client, "1 second")
      assert.strictEqual(events[0]?.stream, "币安人生usdt@trade")
      assert.strictEqual(events[0]?.data["s"], "币安人生USDT")
    })
  )
})

describe("control messages", () => {
  it.effect("are answered as the exchange does", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const dialogue: ReadonlyArray<readonly [request: unknown, answer: string | RegExp]> = [
        [{ method: "LIST_SUBSCRIPTIONS", id: 1 }, '{"result":["btcusdt@trade"],"id":1}'],
        [{ method: "SUBSCRIBE", params: ["a@trade", "b@trade"], id: "x1" }, '{"result":null,"id":"x1"}'],
        [{ method: "UNSUBSCRIBE", params: ["a@trade", "c@trade"], id: null }, '{"result":null,"id":null}'],
        [{ method: "LIST_SUBSCRIPTIONS", id: -3 }, '{"result":["btcusdt@trade","b@trade"],"id":-3}'],
        [{ method: "GET_PROPERTY", params: ["combined"], id: 4 }, '{"result":true,"id":4}'],
        [{ method: "SET_PROPERTY", params: ["combined", false], id: 5 }, '{"result":null,"id":5}'],
        [{ method: "GET_PROPERTY", params: ["combined"], id: 6 }, '{"result":false,"id":6}'],
        [{ method: "SET_PROPERTY", params: ["colour", true], id: 7 }, '{"code":0,"msg":"Unknown property","id":7}'],
        [{ method: "SET_PROPERTY", params: ["combined", 1], id: 8 }, /^\{"code":1,"msg":"Invalid value type/],
        [{ method: "SET_PROPERTY", params: [], id: 9 }, /^\{"code":2,"msg":"Invalid request: property name/],
        [{ method: "SET_PROPERTY", params: ["combined", true, 1], id: 9 }, /^\{"code":2,.*too many parameters/],
        [{ method: "SUBSCRIBE", params: ["a@trade"] }, /^\{"code":2,"msg":"Invalid request: request ID/],
        [{ method: "SUBSCRIBE", params: ["a@trade"], id: 1.5 }, /^\{"code":2,"msg":"Invalid request: request ID/],
        [{ method: "SUBSCRIBE", params: "a@trade", id: 1 }, /^\{"code":2,"msg":"Invalid request: params/],
        [{ method: "HELLO", id: 1 }, /^\{"code":2,"msg":"Invalid request: unknown variant `HELLO`, expected one of/],
        [{ id: 1 }, /^\{"code":2,"msg":"Invalid request: missing field `method`/],
        ["{", /^\{"code":3,"msg":"Invalid JSON/]
      ]
      const client = yield* connect(`${simulator.wsUrl}?streams=btcusdt@trade`)
      for (const [request, expected] of dialogue) {
        const answer = yield* client.ask(request)
        if (typeof expected === "string") assert.strictEqual(answer, expected)
        else assert.match(answer, expected)
        yield* TestClock.adjust("1 second")
      }
    })
  )

  it.effect("begin and end a stream, and change its form", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* connect(`ws://127.0.0.1:${simulator.port}/ws`)
      assert.deepStrictEqual(yield* collect(client, "1 second"), [])
      yield* client.ask({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 })
      assert.isUndefined((yield* collect(client, "1 second"))[0]!.stream)
      yield* client.ask({ method: "SET_PROPERTY", params: ["combined", true], id: 2 })
      assert.strictEqual((yield* collect(client, "1 second"))[0]!.stream, "btcusdt@trade")
      yield* client.ask({ method: "UNSUBSCRIBE", params: ["btcusdt@trade"], id: 3 })
      assert.deepStrictEqual(yield* collect(client, "1 second"), [])
    })
  )
})

describe("limits", () => {
  it.effect("close with 1008 at the sixth frame within a second, pings and pongs counted", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const client = yield* connect(simulator.wsUrl)
      for (let round = 0; round < 3; round++) {
        client.socket.ping()
        client.socket.pong()
        for (const id of [1, 2, 3]) yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id })
        yield* TestClock.adjust("1 second")
      }
      for (let frame = 0; frame < 4; frame++) client.socket.ping()
      yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 1 })
      yield* TestClock.adjust("999 millis")
      client.socket.ping()
      assert.deepStrictEqual(yield* Queue.take(client.closed), { code: 1008, reason: "Too many requests" })
      assert.strictEqual(simulator.streams.connections.size, 0)
    })
  )

  it.effect("allow 1024 streams and no more", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const client = yield* connect(simulator.wsUrl)
      const params = Array.from({ length: 1024 }, (_, index) => `s${index}@trade`)
      assert.strictEqual(yield* client.ask({ method: "SUBSCRIBE", params, id: 1 }), '{"result":null,"id":1}')
      // Those that are there already do not count twice.
      assert.strictEqual(yield* client.ask({ method: "SUBSCRIBE", params, id: 2 }), '{"result":null,"id":2}')
      assert.strictEqual(
        yield* client.ask({ method: "SUBSCRIBE", params: ["one@trade"], id: 3 }),
        '{"error":{"code":4,"msg":"Too many subscriptions"},"id":3}'
      )
      assert.strictEqual((yield* Queue.take(client.closed)).code, 1008)
      const many = Array.from({ length: 1025 }, (_, index) => `s${index}@trade`).join("/")
      const other = yield* connect(`${simulator.wsUrl}?streams=${many}`)
      assert.strictEqual((yield* Queue.take(other.closed)).code, 1008)
    })
  )

  it.effect("ping every 20 s and keep who answers with the same payload", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const client = yield* connect(simulator.wsUrl)
      const payloads: Array<string> = []
      for (let minute = 0; minute < 5; minute++) {
        yield* TestClock.adjust("20 seconds")
        payloads.push(yield* Queue.take(client.pings))
        yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 1 })
      }
      assert.strictEqual(new Set(payloads).size, 5)
      assert.strictEqual(simulator.streams.connections.size, 1)
    })
  )

  it.effect("end who leaves pings unanswered, or answers with another payload, after a minute", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const client = yield* connect(simulator.wsUrl, { autoPong: false })
      yield* TestClock.adjust("20 seconds")
      yield* Queue.take(client.pings)
      client.socket.pong("something else")
      yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 1 })
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(simulator.streams.connections.size, 1)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Queue.take(client.closed), { code: 1008, reason: "Pong timeout" })
    })
  )

  it.effect("end a session after its life", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0, streams: { lifeMillis: 5000 } })
      const client = yield* connect(simulator.wsUrl)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Queue.take(client.closed)).code, 1001)
    })
  )

  it.effect("refuse the 301st attempt in five minutes", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0, streams: { attempts: 3 } })
      for (let attempt = 0; attempt < 3; attempt++) yield* connect(simulator.wsUrl)
      const refusal = yield* Effect.flip(connect(simulator.wsUrl))
      assert.strictEqual(refusal.status, 429)
      assert.isDefined(refusal.headers["retry-after"])
      yield* TestClock.adjust("5 minutes")
      yield* connect(simulator.wsUrl)
    })
  )

  it.effect("queue for a client that reads slowly, and lose nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 100_000, symbols: ["BTCUSDT"] })
      const client = yield* connect(`${simulator.wsUrl}?streams=btcusdt@trade`)
      client.socket.pause()
      yield* TestClock.adjust("1 second")
      const [connection] = simulator.streams.connections
      assert.isAbove(connection!.queuedBytes, 10_000_000)
      simulator.pause()
      client.socket.resume()
      const { count, last } = simulator.ledger.pushed.get("btcusdt@trade")!
      const ids = (yield* Queue.takeN(client.frames, count)).map((text): number => JSON.parse(text).data.t)
      assertContiguous(ids)
      assert.strictEqual(ids.at(-1), last)
    })
  )

  it.effect("cut a client for whom too much waits", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 100_000, streams: { maxQueuedBytes: 1_000_000 } })
      const client = yield* connect(`${simulator.wsUrl}?streams=btcusdt@trade/ethusdt@trade/bnbusdt@trade`)
      client.socket.pause()
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(simulator.streams.connections.size, 0)
      client.socket.resume()
      assert.strictEqual((yield* Queue.take(client.closed)).code, 1006)
    })
  )
})

describe("parseTarget", () => {
  it("reads every form of address", () => {
    const target = (url: string) => {
      const parsed = parseTarget(url, venues.spot)
      return "status" in parsed ? parsed.status : [parsed.combined, parsed.unit, ...parsed.streams]
    }
    assert.deepStrictEqual(target("/stream"), [true, "ms"])
    assert.deepStrictEqual(target("/stream?streams=a@trade/b@trade"), [true, "ms", "a@trade", "b@trade"])
    assert.deepStrictEqual(target("/stream?streams=a%40trade%2Fb@kline_1d@+08:00"), [
      true,
      "ms",
      "a@trade",
      "b@kline_1d@+08:00"
    ])
    assert.deepStrictEqual(target("/stream?timeUnit=microsecond&streams=a@trade"), [true, "us", "a@trade"])
    assert.deepStrictEqual(target("/ws"), [false, "ms"])
    assert.deepStrictEqual(target("/ws/a@trade?timeUnit=MICROSECOND"), [false, "us", "a@trade"])
    assert.deepStrictEqual(target("/ws/a@trade/b@trade"), [false, "ms", "a@trade", "b@trade"])
    assert.strictEqual(target("/stream?timeUnit=DAY"), 400)
    assert.strictEqual(target("/other"), 404)
    assert.strictEqual(target("/%E0%A4%A"), 404)
  })
})
