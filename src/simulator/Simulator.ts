/**
 * A Binance on loopback: WebSocket streams and REST over one consistent market, for demos, tests, benchmarks and anyone's
 * own consumers. One fiber drives it by Effect's clock; it lives as long as its scope.
 */
import { Clock, Data, Effect, type Scope } from "effect"
import { createServer, type Server } from "node:http"
import { Agenda } from "./Agenda.ts"
import { makeBroadcast, publishDue } from "./Broadcast.ts"
import type { Cut, Faults, FaultSwitch } from "./Faults.ts"
import { type Cure, Hub } from "./Hub.ts"
import { Ledger } from "./Ledger.ts"
import { Market, type MarketOptions } from "./Market.ts"
import { Recording, type RecordingOptions } from "./Recording.ts"
import { defaultRestLimits, type RestLimits, RestServer } from "./RestServer.ts"
import { defaultStreamLimits, type StreamLimits, StreamServer } from "./StreamServer.ts"
import { venues } from "./venues.ts"
import type { MarketName } from "../schema/StreamKind.ts"

export interface SimulatorOptions extends Omit<MarketOptions, "start"> {
  /** Which of the exchange's markets it plays; spot if it is left out. */
  readonly market: MarketName
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number
  /** When the market's clock starts, Unix ms; the clock's own time if it is left out. */
  readonly start: number
  /** How often the open candle is sent, ms. */
  readonly klineEveryMillis: number
  readonly streams: Partial<StreamLimits>
  readonly rest: Partial<RestLimits>
  readonly faults: Faults
  /** Serve these frames instead of the market's; REST serves the market still. */
  readonly recording: RecordingOptions
}

export class SimulatorError extends Data.TaggedError("SimulatorError")<{
  readonly problem: string
  readonly cause: unknown
}> {
  override get message() {
    return this.problem
  }
}

export interface Simulator {
  readonly port: number
  /** The combined form's address, without streams, and without the part that serves them. */
  readonly wsUrl: string
  readonly restUrl: string
  readonly market: Market
  readonly ledger: Ledger
  readonly streams: StreamServer
  readonly rest: RestServer
  /** Unix ms by the market's clock. */
  readonly now: () => number
  /** Runs it at the first tick so many ms from now. */
  readonly later: (millis: number, action: () => void) => void
  /** Exchanges the faults in force. */
  readonly setFaults: (faults: Faults) => void
  /** Ends every connection. */
  readonly cutAll: (how: Cut) => void
  /** Every connection goes half-open: nothing is read from it or written to it any more, and nobody is told. */
  readonly freezeAll: () => void
  /** Nothing happens in the market, nothing is pushed; connections and REST live on. */
  readonly pause: () => void
  /** Trading goes on from now; the candles that closed meanwhile are sent. */
  readonly resume: () => void
  readonly mute: (stream: string) => void
  readonly unmute: (stream: string) => void
  /** Those who are subscribed now get nothing of the stream any more, until they do what helps. */
  readonly deafen: (stream: string, cure: Cure) => void
  /** Trades per second over all symbols. */
  readonly setRate: (rate: number) => void
  /** The symbol (upper-case) is traded from now on, again if it was. */
  readonly list: (symbol: string) => void
  /** It is not traded any more. */
  readonly delist: (symbol: string) => void
  /** Sends everybody a `serverShutdown`. */
  readonly shutdownNotice: () => void
}

const TICK = "10 millis"

const listen = (server: Server, port: number): Effect.Effect<number, SimulatorError> =>
  Effect.callback((resume) => {
    const fail = (cause: unknown) =>
      resume(Effect.fail(new SimulatorError({ problem: `cannot listen on 127.0.0.1:${port}`, cause })))
    server.once("error", fail)
    server.listen(port, "127.0.0.1", () => {
      server.off("error", fail)
      const address = server.address()
      resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : port))
    })
  })

const close = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const loadRecording = (options: RecordingOptions): Effect.Effect<Recording, SimulatorError> =>
  Effect.try({
    try: () => new Recording(options),
    catch: (cause) => new SimulatorError({ problem: `cannot replay ${options.file}: ${String(cause)}`, cause })
  })

/** What is wrong with the options, if anything is. */
const faultOf = ({ symbols, rate, shares = {} }: Partial<SimulatorOptions>): string | undefined => {
  if (symbols?.length === 0) return "symbols: name at least one, such as BTCUSDT"
  const odd = symbols?.find((symbol) => symbol === "" || symbol !== symbol.toUpperCase() || /[\s/@!]/.test(symbol))
  if (odd !== undefined) return `symbols: ${JSON.stringify(odd)} is not an upper-case symbol such as BTCUSDT`
  const twice = symbols?.find((symbol, index) => symbols.indexOf(symbol) !== index)
  if (twice !== undefined) return `symbols: ${twice} is there twice`
  if (rate !== undefined && !(rate >= 0 && rate <= 1_000_000)) return `rate: ${rate} is not between 0 and 1000000`
  const share = Object.entries(shares).find(([, share]) => !(share >= 0 && Number.isFinite(share)))
  return share && `shares: ${share[0]} has ${share[1]}, expected 0 or more`
}

export const make: (options?: Partial<SimulatorOptions>) => Effect.Effect<Simulator, SimulatorError, Scope.Scope> =
  Effect.fnUntraced(function* (options = {}) {
    const clock = yield* Clock.Clock
    const origin = clock.currentTimeMillisUnsafe()
    const start = options.start ?? origin
    const now = () => start + clock.currentTimeMillisUnsafe() - origin

    const problem = faultOf(options)
    if (problem !== undefined) return yield* new SimulatorError({ problem, cause: undefined })
    const recording = options.recording && (yield* loadRecording(options.recording))
    const venue = venues[options.market ?? "spot"]
    const { framesPerSecond, pingEveryMillis, pongWithinMillis, weightPerMinute } = venue.limits
    const market = new Market({ ...options, start })
    const ledger = new Ledger(market, venue.payloads)
    const agenda = new Agenda()
    const faults: FaultSwitch = { current: options.faults ?? {} }
    const klineEvery = options.klineEveryMillis ?? 250
    const hub = new Hub((name) => (recording === undefined ? venue.openPoll(market, name, klineEvery) : undefined))
    if (recording === undefined) market.listen(makeBroadcast(market, venue.payloads, hub, ledger))
    const streams = new StreamServer({
      venue,
      hub,
      agenda,
      faults,
      limits: { ...defaultStreamLimits, framesPerSecond, pingEveryMillis, pongWithinMillis, ...options.streams },
      now,
      onSubscribed: (connection) => recording?.begin(connection, now())
    })
    const rest = new RestServer({
      endpoints: venue.endpoints,
      market,
      agenda,
      faults,
      limits: { ...defaultRestLimits, weightPerMinute, ...options.rest },
      now
    })

    let isPaused = false
    const tick = () => {
      const millis = now()
      agenda.tick(millis)
      if (!isPaused) {
        market.follow(millis)
        publishDue(hub, market.now)
        recording?.tick(millis)
      }
      streams.tick(millis)
    }

    const server = createServer((request, response) => rest.handle(request, response))
    server.on("upgrade", (request, socket, head) => streams.upgrade(request, socket, head))
    const port = yield* Effect.acquireRelease(listen(server, options.port ?? 0), () =>
      Effect.andThen(
        Effect.sync(() => streams.close()),
        Effect.timeoutOption(close(server), "2 seconds")
      )
    )
    yield* Effect.sync(tick).pipe(
      Effect.andThen(Effect.sleep(TICK)),
      Effect.forever,
      Effect.tapDefect((defect) => Effect.logError("the simulator has stopped", defect)),
      Effect.forkScoped
    )

    return {
      port,
      wsUrl: `ws://127.0.0.1:${port}/stream`,
      restUrl: `http://127.0.0.1:${port}`,
      market,
      ledger,
      streams,
      rest,
      now,
      later: (millis, action) => agenda.at(now() + millis, action),
      setFaults: (next) => {
        faults.current = next
      },
      cutAll: (how) => {
        for (const connection of streams.connections) connection.cut(how)
      },
      freezeAll: () => {
        for (const connection of streams.connections) connection.freeze()
      },
      pause: () => {
        isPaused = true
      },
      resume: () => {
        if (isPaused) market.reopen(now())
        isPaused = false
      },
      mute: (stream) => hub.mute(stream),
      unmute: (stream) => hub.unmute(stream),
      deafen: (stream, cure) => hub.deafen(stream, cure),
      setRate: (rate) => market.setRate(rate),
      list: (symbol) => market.list(symbol),
      delist: (symbol) => market.delist(symbol),
      shutdownNotice: () => streams.announceShutdown()
    }
  })
