/** Faults of the exchange's stream side. */
import { Effect } from "effect"
import { type ConnectionInfo, type Cut, drop, duplicate, type Faults } from "../../../src/simulator/Faults.ts"
import { hostileFrames } from "../../support/hostile.ts"
import { pause, type Scenario, streamsOf, until, usualStreams } from "../scenario.ts"

type OnFrame = NonNullable<Faults["onFrame"]>

/** One frame in so many. */
const oneIn = (count: number, fault: OnFrame): OnFrame => {
  let n = 0
  return (frame, connection) => (++n % count === 0 ? fault(frame, connection) : undefined)
}

/** Each connection that is live ends in the middle of a frame. */
const tearAll = (): OnFrame => {
  const torn = new Set<number>()
  return (_, { id }: ConnectionInfo) => {
    if (torn.has(id)) return undefined
    torn.add(id)
    return { tearAt: 20 }
  }
}

const someSymbols = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, n) => `S${n}USDT`)

const closes: ReadonlyArray<Cut> = [
  "terminate",
  { code: 1000, reason: "" },
  { code: 1001, reason: "going away" },
  { code: 1011, reason: "internal error" }
]

export const exchange: ReadonlyArray<Scenario> = [
  {
    name: "cut-mid-burst",
    about: "connections end in a burst: without a close frame, with 1000, 1001, 1011, and within a frame",
    sabotages: ["history", "record-dropped", "record-repeated", "record-moved", "record-altered"],
    simulator: { rate: 1500 },
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        for (const how of closes) {
          simulator.cutAll(how)
          yield* connector.stores(800)
        }
        const accepted = simulator.streams.accepted
        simulator.setFaults({ onFrame: tearAll() })
        yield* until(() => simulator.streams.accepted > accepted, "a new connection")
        simulator.setFaults({})
      })
  },
  {
    name: "connect-close-loop",
    about: "each new connection is closed after a few frames, again and again",
    sabotages: ["history"],
    run: ({ simulator }) =>
      Effect.gen(function* () {
        const ended = simulator.streams.accepted
        simulator.setFaults({
          onFrame: (_, { sent }) => (sent > 3 ? { cut: { code: 1000, reason: "" } } : undefined)
        })
        yield* until(() => simulator.streams.accepted >= ended + 6, "six connections", 120_000)
        simulator.setFaults({})
      })
  },
  {
    name: "half-open",
    about: "the sockets stay open and nothing comes or is read any more",
    sabotages: ["history"],
    settings: { SILENCE_TIMEOUT_SECONDS: "2" },
    run: ({ simulator }) =>
      Effect.gen(function* () {
        for (let round = 0; round < 2; round++) {
          const accepted = simulator.streams.accepted
          simulator.freezeAll()
          yield* until(() => simulator.streams.accepted > accepted, "a new connection")
          yield* pause(1500)
        }
      })
  },
  {
    name: "mute-stream",
    about: "one stream goes silent while its socket lives, and comes back",
    sabotages: ["history"],
    settings: { STREAM_STALE_SECONDS: "1" },
    expect: { claims: ["stale", "rollover"] },
    run: ({ simulator }) =>
      Effect.gen(function* () {
        simulator.mute("btcusdt@trade")
        simulator.mute("ethusdt@aggTrade")
        yield* pause(6000)
        simulator.unmute("btcusdt@trade")
        simulator.unmute("ethusdt@aggTrade")
        yield* pause(1000)
        simulator.deafen("bnbusdt@trade", "connect anew")
        simulator.deafen("btcusdt@trade", "subscribe anew")
        yield* pause(6000)
      })
  },
  {
    name: "subscribed-no-data",
    about: "SUBSCRIBE is acknowledged and no data ever comes of what it asked for",
    sabotages: ["history"],
    simulator: { symbols: someSymbols(110), history: 0 },
    // More than an address has room for: the rest is asked for by SUBSCRIBE.
    streams: streamsOf(["trade", "aggTrade", "kline_1s"], someSymbols(110)),
    settings: { STREAM_STALE_SECONDS: "5" },
    settleSeconds: 120,
    expect: { claims: ["stale", "rollover"] },
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        let asked = 0
        simulator.setFaults({
          onSubscribe: () => {
            asked++
            return "acknowledge only"
          }
        })
        simulator.cutAll("terminate")
        yield* until(() => asked >= 2, "SUBSCRIBE, and another one", 120_000)
        simulator.setFaults({})
        yield* connector.stores(3000)
        yield* until(
          () => new Set([...simulator.streams.connections].flatMap(({ streams }) => [...streams])).size === 330,
          "all streams again",
          120_000
        )
      })
  },
  {
    name: "range-dropped",
    about: "the server loses a range of every stream, and single frames, without a word",
    sabotages: ["history"],
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        simulator.setFaults({ onFrame: () => drop })
        yield* pause(1200)
        simulator.setFaults({ onFrame: oneIn(17, () => drop) })
        yield* connector.stores(1500)
        simulator.setFaults({})
      })
  },
  {
    name: "repeats-and-reordering",
    about: "frames come twice, and late behind newer ones",
    sabotages: ["record-repeated", "record-moved"],
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        const doubled = oneIn(5, duplicate)
        const late = oneIn(13, () => ({ delayMillis: 120 }))
        const later = oneIn(101, () => ({ delayMillis: 900 }))
        simulator.setFaults({
          onFrame: (frame, connection) =>
            // Depth has no history, so that what comes late of it is a gap, and said to be one.
            frame.stream?.includes("@depth") === true
              ? undefined
              : (doubled(frame, connection) ?? late(frame, connection) ?? later(frame, connection))
        })
        yield* connector.stores(3000)
        simulator.setFaults({})
      })
  },
  {
    name: "two-lines",
    about: "two lines, one of them dies again and again; without any history nothing is missing",
    sabotages: ["line"],
    settings: { BINANCE_LINES: "2", BINANCE_REST_URL: "http://127.0.0.1:1", GAP_WAIT_SECONDS: "10" },
    run: ({ connector, random, simulator }) =>
      Effect.gen(function* () {
        // Time for the second line, unless there is none.
        yield* pause(3000)
        for (let round = 0; round < 4; round++) {
          const accepted = simulator.streams.accepted
          const lines = [...simulator.streams.connections]
          lines[Math.floor(random() * lines.length)]?.cut("terminate")
          yield* until(() => simulator.streams.accepted > accepted, "the line again")
          yield* connector.stores(1000)
        }
      })
  },
  {
    name: "garbage",
    about: "hostile frames among the data: each becomes one dead letter, none costs anything",
    sabotages: ["record-altered"],
    streams: [...usualStreams, "!miniTicker@arr"],
    expect: { deadLetters: (count) => count === injected },
    run: ({ connector, random, simulator }) =>
      Effect.gen(function* () {
        const hostile = hostileFrames(Math.floor(random() * 1e9))
        injected = 0
        simulator.setFaults({
          onFrame: oneIn(4, (frame) => {
            injected++
            return { replaceWith: [injected % 400 === 0 ? hostile.huge() : hostile.next(), frame.payload] }
          })
        })
        yield* connector.stores(4000)
        simulator.setFaults({})
      })
  },
  {
    name: "server-shutdown",
    about: "the exchange announces its end and closes a little later",
    sabotages: ["history"],
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        const accepted = simulator.streams.accepted
        simulator.shutdownNotice()
        yield* until(() => simulator.streams.accepted > accepted, "a new connection")
        yield* connector.stores(500)
        // Those who did not heed it.
        for (const connection of simulator.streams.connections) {
          if (connection.id <= accepted) connection.cut({ code: 1001, reason: "going away" })
        }
        yield* connector.stores(500)
        simulator.cutAll({ code: 1001, reason: "going away" })
      }),
    expect: { claims: ["rollover"] }
  },
  {
    name: "lifetime-limit",
    about:
      "connections are replaced before the exchange ends them for their age; without any history nothing is missing",
    sabotages: ["rollover"],
    simulator: { streams: { lifeMillis: 7000 } },
    settings: { ROLLOVER_HOURS: "0.0008", BINANCE_REST_URL: "http://127.0.0.1:1", GAP_WAIT_SECONDS: "10" },
    expect: { claims: ["rollover"] },
    run: ({ simulator }) =>
      Effect.gen(function* () {
        const accepted = simulator.streams.accepted
        yield* until(() => simulator.streams.accepted >= accepted + 4, "four rollovers", 120_000)
      })
  },
  {
    name: "refused-connections",
    about: "upgrades are answered with 403, 429, 503, 400, or not at all, before one is taken",
    sabotages: ["history"],
    settings: { WS_CONNECTION_TIMEOUT: "2" },
    run: ({ simulator }) =>
      Effect.gen(function* () {
        let attempts = 0
        simulator.setFaults({
          onUpgrade: () => {
            attempts++
            switch (attempts) {
              case 1:
                return { refuse: { status: 403 } }
              case 2:
                return { refuse: { status: 429, headers: { "Retry-After": "1" } } }
              case 3:
                return { refuse: { status: 503 } }
              case 4:
                return "hang"
              case 5:
                return { refuse: { status: 400, body: '{"code":-1000,"msg":"no"}' } }
              default:
                return undefined
            }
          }
        })
        simulator.cutAll("terminate")
        yield* until(() => attempts > 5, "the sixth attempt", 120_000)
        simulator.setFaults({})
      })
  },
  {
    name: "many-streams",
    about: "2,500 streams on their connections, and a cut of all of them",
    sabotages: ["history"],
    simulator: {
      rate: 2000,
      symbols: someSymbols(625),
      history: 0,
      rest: { weightPerMinute: 100_000 }
    },
    streams: streamsOf(["trade", "aggTrade", "bookTicker", "kline_1m"], someSymbols(625)),
    settleSeconds: 150,
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        yield* connector.stores(5000)
        for (let round = 0; round < 2; round++) {
          simulator.cutAll("terminate")
          yield* connector.stores(5000)
        }
        yield* pause(5000)
      })
  }
]

/** How many hostile frames the present run has sent. */
let injected = 0
