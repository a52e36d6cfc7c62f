import type { Socket } from "node:net"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FileSystem, Queue, Scope } from "effect"
import { TestClock } from "effect/testing"
import { drop, duplicate, type Faults } from "../../src/simulator/Faults.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { type Client, connect, get } from "./client.ts"

const start = Date.UTC(2026, 10, 23, 16)

const make = (options: Partial<Simulator.SimulatorOptions> = {}) => Simulator.make({ start, rate: 300, ...options })

/** The trade ids that come in a second. */
const tradesOfASecond = (client: Client) =>
  Effect.gen(function* () {
    yield* TestClock.adjust("1 second")
    yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 1 })
    return (yield* Queue.clear(client.frames)).map((text): number => JSON.parse(text).data.t)
  })

const trades = (simulator: Simulator.Simulator) => connect(`${simulator.wsUrl}?streams=btcusdt@trade`)

const sequence = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)

describe("controls", () => {
  it.effect("pause the market and resume it without a hole", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* trades(simulator)
      const before = yield* tradesOfASecond(client)
      simulator.pause()
      assert.deepStrictEqual(yield* tradesOfASecond(client), [])
      assert.strictEqual((yield* get(`${simulator.restUrl}/api/v3/ping`)).status, 200)
      simulator.resume()
      const after = yield* tradesOfASecond(client)
      assert.isAbove(after.length, 50)
      assert.isBelow(after.length, 150)
      assert.deepStrictEqual([...before, ...after], sequence(before[0]!, before.length + after.length))
    })
  )

  it.effect("cut every connection, with or without a close frame", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const one = yield* trades(simulator)
      simulator.cutAll("terminate")
      assert.strictEqual((yield* Queue.take(one.closed)).code, 1006)
      const two = yield* trades(simulator)
      simulator.cutAll({ code: 1012, reason: "restart" })
      assert.deepStrictEqual(yield* Queue.take(two.closed), { code: 1012, reason: "restart" })
    })
  )

  it.effect("announce a shutdown to everybody", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 0 })
      const combined = yield* connect(simulator.wsUrl)
      const raw = yield* connect(`ws://127.0.0.1:${simulator.port}/ws`)
      simulator.shutdownNotice()
      const notice = `{"e":"serverShutdown","E":${start}}`
      assert.strictEqual(yield* Queue.take(raw.frames), notice)
      assert.strictEqual(yield* Queue.take(combined.frames), `{"stream":"!serverShutdown","data":${notice}}`)
    })
  )

  it.effect("change the rate while it runs", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ rate: 3, symbols: ["BTCUSDT"] })
      const client = yield* trades(simulator)
      assert.isBelow((yield* tradesOfASecond(client)).length, 20)
      simulator.setRate(1000)
      assert.isAbove((yield* tradesOfASecond(client)).length, 800)
    })
  )
})

describe("faults", () => {
  it.effect("refuse an upgrade", () =>
    Effect.gen(function* () {
      const simulator = yield* make({
        faults: { onUpgrade: () => ({ refuse: { status: 451, headers: { "Retry-After": "7" }, body: "no" } }) }
      })
      const refusal = yield* Effect.flip(trades(simulator))
      assert.strictEqual(refusal.status, 451)
      assert.strictEqual(refusal.headers["retry-after"], "7")
      simulator.setFaults({})
      yield* trades(simulator)
    })
  )

  it.effect("drop, repeat, delay and replace frames, and the ledger knows what was published", () =>
    Effect.gen(function* () {
      let count = 0
      const verdicts: Record<number, ReturnType<NonNullable<Faults["onFrame"]>>> = {
        2: drop,
        4: { delayMillis: 500 },
        5: { replaceWith: ['{"stream":"x","data":{"t":-1}}'] }
      }
      const simulator = yield* make({ symbols: ["BTCUSDT"] })
      const client = yield* trades(simulator)
      simulator.setFaults({
        onFrame: (frame) => {
          if (frame.stream === undefined) return undefined
          count += 1
          return count === 3 ? duplicate(frame) : verdicts[count]
        }
      })
      const ids = yield* tradesOfASecond(client)
      const first = ids[0]!
      assert.deepStrictEqual(ids.slice(0, 5), [first, first + 2, first + 2, -1, first + 5])
      assert.isAbove(ids.indexOf(first + 3), 20)
      const range = simulator.ledger.pushed.get("btcusdt@trade")!
      assert.deepStrictEqual(range, { first, last: first + count - 1, count })
    })
  )

  for (const cure of ["subscribe anew", "connect anew"] as const) {
    it.effect(`make a stream mute for those who have it until they ${cure}`, () =>
      Effect.gen(function* () {
        const simulator = yield* make({ symbols: ["BTCUSDT"] })
        const client = yield* trades(simulator)
        assert.isNotEmpty(yield* tradesOfASecond(client))
        simulator.deafen("btcusdt@trade", cure)
        assert.isEmpty(yield* tradesOfASecond(client))
        yield* client.ask({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 })
        assert.isEmpty(yield* tradesOfASecond(client))
        yield* client.ask({ method: "UNSUBSCRIBE", params: ["btcusdt@trade"], id: 2 })
        yield* TestClock.adjust("1 second")
        yield* client.ask({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 3 })
        assert.strictEqual((yield* tradesOfASecond(client)).length > 0, cure === "subscribe anew")
        assert.isNotEmpty(yield* tradesOfASecond(yield* trades(simulator)))
      })
    )
  }

  it.effect("acknowledge a subscription in vain, answer it otherwise or not at all", () =>
    Effect.gen(function* () {
      const verdicts: Record<string, ReturnType<NonNullable<Faults["onSubscribe"]>>> = {
        "btcusdt@aggTrade": "acknowledge only",
        "btcusdt@bookTicker": { answer: '{"code":2,"msg":"Invalid request"}' },
        "btcusdt@ticker": "ignore"
      }
      const simulator = yield* make({
        symbols: ["BTCUSDT"],
        faults: { onSubscribe: ([name = ""]) => verdicts[name] }
      })
      const client = yield* connect(simulator.wsUrl)
      const subscribe = (name: string, id: number) => ({ method: "SUBSCRIBE", params: [`btcusdt@${name}`], id })
      assert.strictEqual(yield* client.ask(subscribe("aggTrade", 1)), '{"result":null,"id":1}')
      assert.strictEqual(yield* client.ask(subscribe("bookTicker", 2)), '{"code":2,"msg":"Invalid request"}')
      client.socket.send(JSON.stringify(subscribe("ticker", 3)))
      // The next answer is this one's.
      assert.strictEqual(yield* client.ask(subscribe("trade", 4)), '{"result":null,"id":4}')
      yield* TestClock.adjust("2 seconds")
      yield* client.ask({ method: "LIST_SUBSCRIPTIONS", id: 5 })
      const streams = (yield* Queue.clear(client.frames)).map((text): string => JSON.parse(text).stream)
      assert.deepStrictEqual([...new Set(streams)], ["btcusdt@trade"])
    })
  )

  it.effect("cut a connection at a frame", () =>
    Effect.gen(function* () {
      const simulator = yield* make({
        faults: { onFrame: (_, { sent }) => (sent === 10 ? { cut: { code: 1011, reason: "oops" } } : undefined) }
      })
      const client = yield* trades(simulator)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Queue.take(client.closed), { code: 1011, reason: "oops" })
      assert.strictEqual((yield* Queue.clear(client.frames)).length, 9)
    })
  )

  it.effect("tear a frame in the middle", () =>
    Effect.gen(function* () {
      const simulator = yield* make({
        faults: { onFrame: (_, { sent }) => (sent === 3 ? { tearAt: 60 } : undefined) }
      })
      const client = yield* trades(simulator)
      const received: Array<number> = []
      const { _socket: socket } = client.socket as unknown as { readonly _socket: Socket }
      socket.prependListener("data", (bytes) => received.push(bytes.length))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Queue.take(client.closed)).code, 1006)
      const frames = yield* Queue.clear(client.frames)
      assert.strictEqual(frames.length, 2)
      // Two whole frames with a header of four bytes each, and the part.
      const whole = frames.reduce((sum, text) => sum + text.length + 4, 0)
      assert.strictEqual(
        received.reduce((sum, bytes) => sum + bytes, 0),
        whole + 60
      )
    })
  )

  it.effect("leave a connection half-open", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const client = yield* trades(simulator)
      assert.isAbove((yield* tradesOfASecond(client)).length, 50)
      simulator.freezeAll()
      client.socket.ping()
      let pongs = 0
      client.socket.on("pong", () => (pongs += 1))
      yield* TestClock.adjust("2 minutes")
      const other = yield* trades(simulator)
      assert.isAbove((yield* tradesOfASecond(other)).length, 50)
      assert.strictEqual(client.socket.readyState, client.socket.OPEN)
      assert.deepStrictEqual([pongs, yield* Queue.size(client.frames), yield* Queue.size(client.pings)], [0, 0, 0])
    })
  )

  it.effect("answer REST with another status, late, behind or cut short", () =>
    Effect.gen(function* () {
      const simulator = yield* make()
      const url = `${simulator.restUrl}/api/v3/historicalTrades?symbol=BTCUSDT&limit=1000`
      yield* TestClock.adjust("2 seconds")
      simulator.setFaults({ onRest: () => ({ answer: { status: 503, body: "busy" } }) })
      assert.deepInclude(yield* get(url), { status: 503, text: "busy" })
      simulator.setFaults({ onRest: () => ({ lagMillis: 1000 }) })
      const rows: ReadonlyArray<{ readonly time: number }> = JSON.parse((yield* get(url)).text)
      assert.isAtMost(rows.at(-1)!.time, start + 1000)
      assert.isAbove(rows.at(-1)!.time, start + 500)
      simulator.setFaults({ onRest: () => ({ truncateAt: 100 }) })
      assert.strictEqual((yield* Effect.exit(get(url)))._tag, "Failure")
      const asked = yield* Deferred.make<ReadonlyArray<string | undefined>>()
      simulator.setFaults({
        onRest: ({ path, parameters }) => {
          Deferred.doneUnsafe(asked, Effect.succeed([path, parameters.get("symbol")]))
          return { delayMillis: 300 }
        }
      })
      const late = yield* Effect.forkChild(get(url))
      assert.deepStrictEqual(yield* Deferred.await(asked), ["/api/v3/historicalTrades", "BTCUSDT"])
      yield* TestClock.adjust("290 millis")
      assert.isUndefined(late.pollUnsafe())
      yield* TestClock.adjust("10 millis")
      assert.strictEqual((yield* Fiber.join(late)).status, 200)
    })
  )
})

describe("a recording", () => {
  const lines = [
    '{"stream":"btcusdt@trade","data":{"e":"trade","t":1,"p":"1.00","x":"\\u00e9 é"}}',
    '{"stream":"ethusdt@trade","data":{"e":"trade","t":7}}',
    '{"stream":"btcusdt@kline_1m","data":{"e":"kline", "k":{}}}',
    '{"stream":"btcusdt@trade","data":{"e":"trade","t":2}}'
  ]
  const writeLines = (lines: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = yield* files.makeTempFileScoped({ suffix: ".ndjson" })
      yield* files.writeFileString(file, `${lines.join("\n")}\n`)
      return file
    })
  const write = writeLines(lines)

  it.effect("is sent byte for byte, in file order, to whoever subscribes", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ recording: { file: yield* write } })
      const client = yield* connect(`${simulator.wsUrl}?streams=btcusdt@trade/btcusdt@kline_1m`)
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(yield* Queue.takeN(client.frames, 3), [lines[0], lines[2], lines[3]])
      const raw = yield* connect(`ws://127.0.0.1:${simulator.port}/ws`)
      yield* raw.ask({ method: "SUBSCRIBE", params: ["ethusdt@trade"], id: 1 })
      yield* TestClock.adjust("10 millis")
      assert.strictEqual(yield* Queue.take(raw.frames), '{"e":"trade","t":7}')
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("may hold frames of any length", () =>
    Effect.gen(function* () {
      const frame = (length: number) => '{"stream":"a@trade","data":"'.padEnd(length - 2, "x") + '"}'
      const lengths = [125, 126, 127, 65_535, 65_536, 65_537, 300_000]
      const simulator = yield* make({ recording: { file: yield* writeLines(lengths.map(frame)) } })
      const client = yield* connect(`${simulator.wsUrl}?streams=a@trade`)
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(yield* Queue.takeN(client.frames, lengths.length), lengths.map(frame))
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("keeps its pace", () =>
    Effect.gen(function* () {
      const simulator = yield* make({ recording: { file: yield* write, perSecond: 1 } })
      const client = yield* connect(`${simulator.wsUrl}?streams=btcusdt@trade`)
      const ids: Array<ReadonlyArray<number>> = []
      for (let second = 0; second < 5; second++) ids.push(yield* tradesOfASecond(client))
      assert.deepStrictEqual(ids.flat(), [1, 2])
      assert.deepStrictEqual(ids[0], [1])
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("that is none is refused with its line", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = yield* files.makeTempFileScoped()
      yield* files.writeFileString(file, `${lines[0]}\n{"e":"trade"}\n`)
      const error = yield* Effect.flip(make({ recording: { file } }))
      assert.match(error.message, /line 2 is not of the form \{"stream":"…","data":…\}/)
      const missing = yield* Effect.flip(make({ recording: { file: "/nowhere/frames.ndjson" } }))
      assert.match(missing.message, /cannot replay \/nowhere\/frames\.ndjson: .*ENOENT/)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("starting and stopping", () => {
  it.effect("says which option is wrong", () =>
    Effect.gen(function* () {
      const problem = (options: Partial<Simulator.SimulatorOptions>) =>
        Effect.map(Effect.flip(make(options)), ({ message }) => message)
      assert.match(yield* problem({ symbols: [] }), /^symbols: name at least one/)
      assert.match(yield* problem({ symbols: ["btcusdt"] }), /^symbols: "btcusdt" is not an upper-case symbol/)
      assert.match(yield* problem({ rate: -1 }), /^rate: -1 is not between/)
      assert.match(yield* problem({ rate: Number.NaN }), /^rate: NaN is not between/)
      assert.match(yield* problem({ shares: { BTCUSDT: -1 } }), /^shares: BTCUSDT has -1/)
      const { port } = yield* make()
      assert.strictEqual(yield* problem({ port }), `cannot listen on 127.0.0.1:${port}`)
    })
  )

  it.effect("closes its port and connections with its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const simulator = yield* Scope.provide(make(), scope)
      const client = yield* trades(simulator)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Queue.take(client.closed)).code, 1006)
      assert.strictEqual((yield* Effect.exit(get(simulator.restUrl)))._tag, "Failure")
    })
  )
})
