/**
 * `npm run large -- --records 5000000`: a topic of so many trades. How long a restart takes on it and how long after a cut of a
 * minute it is without gaps again; what `verify` says of it, and of one trade that a broken connector loses; and `repair`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import process from "node:process"
import { parseArgs } from "node:util"
import { fileURLToPath } from "node:url"
import { Effect, Schedule } from "effect"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { startBroker } from "../support/kafka/broker.ts"
import { freePorts } from "../support/kafka/freePorts.ts"
import { client } from "../support/kafka/records.ts"
import * as Program from "../support/program.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import * as Connector from "./connector.ts"
import { pause } from "./scenario.ts"

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "5000000" },
    rate: { type: "string", default: "12000" },
    "cut-rate": { type: "string", default: "1000" },
    acks: { type: "string", default: "all" }
  }
})
const wanted = Number(values.records)

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "TRXUSDT"]
const CUT_SECONDS = 60
const LOGS = fileURLToPath(new URL("../../.cache/faults/", import.meta.url))
const LOSSY = new URL("./lossyMain.ts", import.meta.url)

const say = (text: string) => process.stdout.write(`${text}\n`)
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`

const kafka = await startBroker({ heapMegabytes: 768 })
const stopping = new AbortController()
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort())

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make({
    rate: Number(values.rate),
    symbols: SYMBOLS,
    keepTrades: Math.max(1_000_000, Math.ceil(wanted / 4)),
    seed: "large"
  })
  const dataDir = yield* temporaryFolder
  const [port = 0] = yield* Effect.promise(() => freePorts(1))
  const settings = {
    BINANCE_WS_URL: simulator.wsUrl,
    BINANCE_REST_URL: simulator.restUrl,
    BINANCE_STREAMS: SYMBOLS.map((symbol) => `${symbol.toLowerCase()}@trade`).join(","),
    RECONNECT_MAX_DELAY_SECONDS: "1",
    KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrap,
    KAFKA_ACKS: values.acks,
    TOPIC_PREFIX: "large.",
    DATA_DIR: dataDir,
    HTTP_PORT: String(port)
  }
  mkdirSync(LOGS, { recursive: true })
  const logFile = `${LOGS}large.log`
  writeFileSync(logFile, "")
  const connector = Connector.make({ port, logFile, patience: 90_000, settings })

  const admin = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const admin = client(kafka.bootstrap).admin()
      await admin.connect()
      return admin
    }),
    (admin) => Effect.promise(() => admin.disconnect())
  )
  const stored = Effect.promise(async () => {
    const offsets = await admin.fetchTopicOffsets("large.raw_trades").catch(() => [])
    return offsets.reduce((sum, { high }) => sum + Number(high), 0)
  })
  const firstIds = new Map<string, number>()
  /** Trades that the market has made since the connector began to listen. */
  const made = () =>
    SYMBOLS.reduce(
      (sum, symbol) => sum + (simulator.ledger.generated(symbol)?.trades.last ?? 0) - (firstIds.get(symbol) ?? 0) + 1,
      0
    )
  const reaches = (count: number) =>
    Effect.repeat(stored, { until: (now) => now >= count, schedule: Schedule.spaced("50 millis") })
  /** How long until everything up to now is stored. */
  const isComplete = (since: number) =>
    Effect.map(
      Effect.suspend(() => reaches(made())),
      () => seconds(since)
    )

  const runCommand = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
    const began = performance.now()
    const { child, ended } = yield* Program.start({ ...settings, LOG_LEVEL: "WARNING" }, {}, undefined, args)
    let rss = 0
    const watch = setInterval(() => {
      try {
        // None of one that is about to end.
        const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0
        rss = Math.max(rss, Number(kilobytes) / 1024)
      } catch {
        clearInterval(watch)
      }
    }, 200)
    const { code, stderr, stdout } = yield* ended
    clearInterval(watch)
    say(`\n${args.join(" ")}: exit code ${code}, ${seconds(began)}, RSS at most ${Math.round(rss)} MB`)
    say(
      stdout
        .trimEnd()
        .split("\n")
        .filter((line) => !/^\s*$/.test(line))
        .slice(-6)
        .join("\n")
    )
    if (code === 2) say(stderr)
  })
  const command = (...args: ReadonlyArray<string>) => Effect.scoped(runCommand(...args))

  const restart = Effect.fnUntraced(function* (end: Effect.Effect<void, Connector.ConnectorFailed>, how: string) {
    yield* end
    const began = performance.now()
    yield* connector.start()
    yield* connector.says(/Going on where an earlier run stopped/)
    const known = seconds(began)
    yield* connector.says(/Caught up with the exchange/)
    const caughtUp = seconds(began)
    say(
      `start after ${how}: knows where it stood after ${known}, up to date with the exchange after ${caughtUp}, everything stored after ${yield* isComplete(began)}`
    )
  })

  yield* connector.start()
  yield* reaches(1)
  for (const symbol of SYMBOLS) {
    const stream = `${symbol.toLowerCase()}@trade`
    firstIds.set(symbol, simulator.ledger.pushed.get(stream)?.first ?? 0)
  }
  const began = performance.now()
  yield* reaches(wanted)
  say(`${yield* stored} records in ${seconds(began)}`)
  simulator.setRate(Number(values["cut-rate"]))
  yield* isComplete(began)

  yield* restart(connector.stop, "SIGTERM")
  yield* restart(connector.kill, "SIGKILL")

  simulator.setFaults({ onUpgrade: () => ({ refuse: { status: 503 } }) })
  simulator.cutAll("terminate")
  yield* pause(CUT_SECONDS * 1000)
  simulator.setFaults({})
  const lifted = performance.now()
  const before = yield* stored
  const accepted = simulator.streams.accepted
  yield* Effect.repeat(
    Effect.sync(() => simulator.streams.accepted),
    {
      until: (now) => now > accepted,
      schedule: Schedule.spaced("20 millis")
    }
  )
  const connected = seconds(lifted)
  const complete = yield* isComplete(lifted)
  const caughtUp = (yield* stored) - before
  say(
    `cut of ${CUT_SECONDS} s: connected again after ${connected}, nothing missing after ${complete}, ${caughtUp} trades later`
  )
  yield* connector.stop
  yield* command("verify")

  const broken = yield* Program.start({ ...settings, LOSES: "ETHUSDT", LOG_LEVEL: "WARNING" }, {}, LOSSY)
  yield* broken.says(/One trade is lost/)
  yield* reaches((yield* stored) + 1000)
  yield* broken.signal("SIGTERM")
  yield* broken.ended
  yield* command("verify")
  yield* command("repair")
  yield* command("verify", "--quiet")
}).pipe(Effect.scoped)

try {
  await Effect.runPromise(program, { signal: stopping.signal })
} finally {
  await kafka.remove()
}
process.exit()
