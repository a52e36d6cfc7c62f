/**
 * Shows the connector at work and proves what it did: `npm run demo`. The simulator plays Binance, the connector runs as a
 * process of its own and is stopped as a supervisor would stop it; then its log is read back and judged.
 */
import { mkdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Data, Effect, Schedule } from "effect"
import * as ConnectorProcess from "./demo/ConnectorProcess.ts"
import { type DemoOptions, parse, USAGE } from "./demo/options.ts"
import * as Progress from "./demo/Progress.ts"
import { type Proof, prove } from "./demo/Proof.ts"
import { table } from "./demo/report.ts"
import * as Target from "./demo/Target.ts"
import { streamKinds } from "./schema/kinds/registry.ts"
import { topics as controlTopics } from "./schema/settings/topics.ts"
import * as Simulator from "./simulator/Simulator.ts"

const DATA_DIR = "data/demo"

class ProofFailed extends Data.TaggedError("ProofFailed")<{ readonly message: string }> {}

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

const demo = Effect.fnUntraced(function* ({ kafka, live, rate, seconds }: DemoOptions) {
  const to = yield* Target.choose(kafka, DATA_DIR)
  rmSync(DATA_DIR, { recursive: true, force: true })
  mkdirSync(DATA_DIR, { recursive: true })

  // Kept are all trades that the proof may ask for.
  const keepTrades = rate * (seconds + 60)
  const simulator = live ? undefined : yield* Simulator.make({ rate, keepTrades })
  const port = yield* freePort
  const connector = yield* ConnectorProcess.start(
    {
      ...inherited(),
      ...to.settings,
      ...(simulator === undefined ? {} : { BINANCE_WS_URL: simulator.wsUrl, BINANCE_REST_URL: simulator.restUrl }),
      DATA_DIR: ".",
      HTTP_PORT: String(port),
      LOG_FORMAT: "json"
    },
    DATA_DIR
  )
  yield* say(`${live ? "Binance" : "A simulated Binance"} → the connector (log: ${connector.logFile}) → ${to.name}`)
  yield* Effect.raceFirst(Progress.show(port, seconds), connector.unexpectedEnd)

  if (simulator !== undefined) yield* lastFrames(simulator, port)
  yield* say("Stopping the connector (SIGTERM) …")
  const code = yield* connector.stop
  if (code !== 0) {
    return yield* new ProofFailed({ message: `the connector ended with ${code}:\n${connector.lastLines()}` })
  }

  yield* say("Reading everything back …\n")
  const topics = {
    data: streamKinds.map(({ topic }) => `${to.prefix}${topic.default}`),
    continuity: `${to.prefix}${controlTopics.continuity.unset}`
  }
  const proof = yield* prove(topics, to.read, simulator?.ledger)
  if (proof.rows.length === 0) {
    return yield* new ProofFailed({ message: `NOT PROVED: nothing arrived. The log says:\n${connector.lastLines()}` })
  }
  yield* show(proof)
  yield* say(`\nAsk it yourself:\n  ${to.hint}\n`)
  return proof.holds
    ? yield* say("PROVED: nothing missing, nothing twice, nothing out of order.")
    : yield* new ProofFailed({ message: "NOT PROVED: the table above says what is wrong." })
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

const show = Effect.fnUntraced(function* ({ examples, rows, unreadable }: Proof) {
  yield* say(table(rows))
  for (const { reason, records, topic } of unreadable)
    yield* say(`  ${topic}: ${records} records are unreadable: ${reason}`)
  yield* say("\nThree of the records:")
  for (const { topic, value } of examples) yield* say(`  ${topic}  ${new TextDecoder().decode(value)}`)
})

parse(process.argv.slice(2)).pipe(
  Effect.flatMap(demo),
  Effect.scoped,
  Effect.tapError((error) =>
    say(error._tag === "BadArguments" ? `${error.message}\n\n${USAGE}` : `\n${error.message}`)
  ),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
