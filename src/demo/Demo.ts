/**
 * Shows the connector at work and gathers the proof of what it did: the simulator plays Binance, the connector runs as a process
 * of its own and is stopped as a supervisor would stop it; then its log is read back.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import process from "node:process"
import { Data, Effect, Schedule } from "effect"
import * as ConnectorProcess from "./ConnectorProcess.ts"
import * as Progress from "./Progress.ts"
import { type Proof, prove } from "./Proof.ts"
import * as Target from "./Target.ts"
import { markets } from "../schema/Market.ts"
import type { MarketName } from "../schema/StreamKind.ts"
import { controlTopicsOf } from "../schema/settings/topics.ts"
import * as Simulator from "../simulator/Simulator.ts"

const DATA_DIR = "data/demo"

/** What is left to do once all is taken, by which time trading goes on. */
const SPARE_SECONDS = 60

/** Some 100 bytes each. */
const MOST_KEPT = 10_000_000

/** Where the connector writes its log, within `DATA_DIR`. */
const OURS = "connector.log"

export interface DemoOptions {
  readonly market: MarketName
  /** The real Binance instead of the simulator. */
  readonly live: boolean
  /** The Kafka of `KAFKA_BOOTSTRAP_SERVERS` instead of the local log. */
  readonly kafka: boolean
  readonly seconds: number
  /** Trades per second of the simulator. */
  readonly rate: number
}

export interface Outcome {
  readonly proof: Proof
  /** How to ask the log oneself: a line for a shell. */
  readonly hint: string
  /** The end of the connector's log. */
  readonly lastLines: string
}

export class DemoFailed extends Data.TaggedError("DemoFailed")<{ readonly message: string }> {}

const say = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0)))
  })
})

/** What every process needs, and nothing that could turn the demo into something else. */
const inherited = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(PATH|HOME|TMPDIR|SYSTEMROOT|(HTTPS?|ALL|NO)_PROXY)$/i.test(name))
  )

/** An empty folder of our own; nothing is removed that may be somebody else's. */
const clearFolder = Effect.suspend(() => {
  const files = existsSync(DATA_DIR) ? readdirSync(DATA_DIR) : []
  if (files.length > 0 && !files.includes(OURS)) {
    return Effect.fail(
      new DemoFailed({ message: `${DATA_DIR} holds files that are not the demo's: start it in another folder` })
    )
  }
  rmSync(DATA_DIR, { recursive: true, force: true })
  mkdirSync(DATA_DIR, { recursive: true })
  return Effect.void
})

export const demo = Effect.fnUntraced(function* ({ kafka, live, market, rate, seconds }: DemoOptions) {
  const { kinds } = markets[market]
  // Kept are all trades that the proof may ask for.
  const keepTrades = rate * (seconds + SPARE_SECONDS)
  if (!live && keepTrades > MOST_KEPT) {
    return yield* new DemoFailed({
      message: `--seconds ${seconds} at --rate ${rate}: the proof takes all trades to be kept, which are ${keepTrades}; at most ${MOST_KEPT} can be: give less of either`
    })
  }
  const to = yield* Target.choose(kafka, DATA_DIR, kinds[0]?.topic.default ?? "")
  yield* clearFolder

  const simulator = live ? undefined : yield* Simulator.make({ market, rate, keepTrades })
  const port = yield* freePort
  const connector = yield* ConnectorProcess.start(
    {
      ...inherited(),
      ...to.settings,
      BINANCE_MARKET: market,
      ...(simulator === undefined ? {} : { BINANCE_WS_URL: simulator.wsUrl, BINANCE_REST_URL: simulator.restUrl }),
      DATA_DIR: ".",
      HTTP_PORT: String(port),
      LOG_FORMAT: "json"
    },
    DATA_DIR
  )
  yield* say(`${live ? "Binance" : "A simulated Binance"} → the connector (log: ${connector.logFile}) → ${to.name}`)
  yield* Effect.raceFirst(
    Effect.andThen(Progress.firstData(port), Progress.show(port, seconds)),
    connector.unexpectedEnd
  )

  if (simulator !== undefined) yield* lastFrames(simulator, port)
  yield* say("Stopping the connector (SIGTERM) …")
  const code = yield* connector.stop
  if (code !== 0) {
    return yield* new DemoFailed({ message: `the connector ended with ${code}:\n${connector.lastLines()}` })
  }

  yield* say("Reading everything back …\n")
  const topics = {
    data: kinds.map(({ topic }) => `${to.prefix}${topic.default}`),
    continuity: `${to.prefix}${controlTopicsOf(markets[market]).continuity.unset}`
  }
  const proof = yield* prove(topics, to.read, simulator?.ledger)
  const outcome: Outcome = { proof, hint: to.hint, lastLines: connector.lastLines() }
  return outcome
})

/** The market halts and the last frames arrive: what is received then must be in the log, though it is not stored yet. */
const lastFrames = Effect.fnUntraced(function* (simulator: Simulator.Simulator, port: number) {
  simulator.pause()
  const sent = Array.from(simulator.streams.connections).reduce((sum, connection) => sum + connection.sent, 0)
  yield* Progress.counts(port).pipe(
    Effect.repeat({ until: ({ received }) => received >= sent, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOption("5 seconds")
  )
})
