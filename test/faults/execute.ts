/** One scenario from its start to its judgement. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Cause, Effect, Exit, Logger, Schedule } from "effect"
import type { KafkaClient } from "../../src/schema/Settings.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { seeded } from "../support/hostile.ts"
import { freePorts } from "../support/kafka/freePorts.ts"
import { endOffsets, type StoredRecord } from "../support/kafka/records.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"
import * as Connector from "./connector.ts"
import { judge } from "./judge.ts"
import type { Judgement } from "./judge/contract.ts"
import { leastStored } from "./judge/made.ts"
import { holdsCandles, scan, type Scan } from "./judge/topics.ts"
import { type Kafka, storeAgain } from "./kafka.ts"
import { pause, type Sabotage, type Scenario, type Size, symbols, usualStreams, type World } from "./scenario.ts"

export type Acks = "1" | "all"

export interface Options {
  readonly acks: Acks
  /** `KAFKA_CLIENT` of the connector, if it is not the default. */
  readonly client?: KafkaClient
  readonly kafka: Kafka
  readonly seed: number
  readonly size: Size
  readonly sabotage: Sabotage | undefined
}

export interface Outcome {
  readonly name: string
  readonly acks: Acks
  readonly sabotage: Sabotage | undefined
  readonly judgement: Judgement | undefined
  /** Why it fails; empty if it holds. */
  readonly faults: ReadonlyArray<string>
  readonly notes: ReadonlyArray<string>
  readonly seconds: number
}

const LOGS = fileURLToPath(new URL("../../.cache/faults/", import.meta.url))
/** Records that show that everything flows. */
const FLOWING = 300
const PATIENCE = 90_000
const NOWHERE = "http://127.0.0.1:1"

const sabotagedSettings: Partial<Record<Sabotage, Readonly<Record<string, string>>>> = {
  history: { BINANCE_REST_URL: NOWHERE, GAP_WAIT_SECONDS: "2" },
  acks: { KAFKA_ACKS: "0" },
  line: { BINANCE_LINES: "1" },
  rollover: { ROLLOVER_HOURS: "24", BINANCE_REST_URL: NOWHERE, GAP_WAIT_SECONDS: "2" }
}

/** The reader as the sabotage lets it see. */
const sabotagedScan =
  (scan: Scan, sabotage: Sabotage | undefined): Scan =>
  (topic, visit) => {
    if (sabotage === "claims") return scan(topic, topic.endsWith("continuity") ? () => {} : visit)
    let seen = 0
    let before: StoredRecord | undefined
    return scan(topic, (record) => {
      if (!topic.endsWith("raw_trades") || ++seen !== 200) {
        visit(record)
        if (before !== undefined && before.key === record.key) {
          visit(before)
          before = undefined
        }
      } else if (sabotage === "record-repeated") {
        visit(record)
        visit(record)
      } else if (sabotage === "record-altered") {
        visit({
          ...record,
          value: Buffer.from(
            record.value
              .toString()
              .replace(/"q":"0/, '"q":"00')
              .replace(/"m":/, '"m" :')
          )
        })
      } else if (sabotage === "record-moved") before = record
      else if (sabotage !== "record-dropped") visit(record)
    })
  }

export const prefixOf = (scenario: Scenario, { acks, client = "kafkajs", seed }: Options): string =>
  `${scenario.name}.${client}.${acks}.${seed}.${Date.now().toString(36)}.`

const play = Effect.fnUntraced(function* (scenario: Scenario, options: Options, note: (text: string) => void) {
  const { acks, client = "kafkajs", kafka, sabotage, seed, size } = options
  const prefix = prefixOf(scenario, options)
  const streams = scenario.streams ?? usualStreams
  const simulator = yield* Simulator.make({
    rate: 600,
    symbols,
    keepTrades: 3_000_000,
    keepCandles: 10_000,
    seed: `faults-${seed}`,
    ...scenario.simulator
  })
  const dataDir = yield* temporaryFolder
  mkdirSync(LOGS, { recursive: true })
  const makeConnector = Effect.fnUntraced(function* (name: string, dataDir: string) {
    const [port = 0] = yield* Effect.promise(() => freePorts(1))
    const of = `${client}-${acks}${sabotage === undefined ? "" : `-${sabotage}`}`
    const logFile = `${LOGS}${scenario.name}${name}-${of}.log`
    writeFileSync(logFile, "")
    return Connector.make({
      port,
      logFile,
      patience: PATIENCE,
      settings: {
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_STREAMS: streams.join(","),
        REST_WEIGHT_SHARE: "1",
        RECONNECT_MAX_DELAY_SECONDS: "1",
        KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrap,
        KAFKA_CLIENT: client,
        KAFKA_ACKS: acks,
        TOPIC_PREFIX: prefix,
        DATA_DIR: dataDir,
        HTTP_PORT: String(port),
        LOG_FORMAT: "json",
        ...scenario.settings,
        ...(sabotage === undefined ? {} : sabotagedSettings[sabotage])
      }
    })
  })
  const plain = yield* makeConnector("", dataDir)
  const others: Array<Connector.Connector> = []
  const another = (name: string) =>
    Effect.tap(makeConnector(`-${name}`, `${dataDir}/${name}`), (one) => Effect.sync(() => others.push(one)))
  let starts = 0
  const connector: Connector.Connector = {
    ...plain,
    start: (settings) =>
      Effect.andThen(
        Effect.sync(() => {
          if (starts++ > 0 && sabotage === "disk") rmSync(dataDir, { recursive: true, force: true })
        }),
        plain.start(settings)
      )
  }
  const world: World = {
    simulator,
    connector,
    another,
    kafka,
    dataDir,
    size,
    note,
    topic: (name) => `${prefix}${name}`,
    random: seeded(seed)
  }

  if (scenario.startsItself !== true) {
    yield* connector.start()
    // A series of which nothing was stored yet has no beginning that a restart could know.
    const candles = streams.filter((stream) => stream.endsWith("@kline_1s"))
    const begun = Effect.promise(() => holdsCandles(scan(kafka.bootstrap), prefix, candles))
    yield* Effect.repeat(begun, { until: (isSo) => isSo, schedule: Schedule.spaced("300 millis") }).pipe(
      Effect.timeoutOrElse({ duration: PATIENCE, orElse: () => Effect.die("no candles are stored") })
    )
    yield* connector.stores(FLOWING)
  }
  yield* scenario.run(world)
  yield* connector.stores(FLOWING)
  // The last frames of every stream come over a connection that lives.
  yield* pause(1500)
  simulator.pause()

  const seen = sabotagedScan(scan(kafka.bootstrap), sabotage)
  const judged = () => judge({ simulator, streams, prefix, expect: scenario.expect ?? {}, scan: seen })
  // What is broken on purpose need not be waited for.
  const limit = sabotage === undefined ? (scenario.settleSeconds ?? 60) : 8
  yield* Effect.promise(() => settled(simulator, streams, prefix, kafka.bootstrap, scenario, limit, judged))
  if (sabotage === "stored-twice") yield* Effect.promise(() => storeAgain(kafka.bootstrap, `${prefix}raw_trades`, 50))
  yield* Effect.forEach(
    others.filter((one) => one.isRunning()),
    (one) => one.stop,
    { discard: true }
  )
  yield* connector.stop
  const judgement = yield* Effect.promise(judged)
  if (scenario.isolations === undefined) return judgement
  const all = scan(kafka.bootstrap, "read_uncommitted")
  const uncommitted = yield* Effect.promise(() =>
    judge({ simulator, streams, prefix, expect: scenario.expect ?? {}, scan: all })
  )
  const seenByOthers = verdictOf(uncommitted).map((fault) => `read_uncommitted: ${fault}`)
  return { ...judgement, faults: [...judgement.faults, ...seenByOthers] }
})

/** Waits until nothing seems to be missing, or for so long as it may take. */
const settled = async (
  simulator: Simulator.Simulator,
  streams: ReadonlyArray<string>,
  prefix: string,
  bootstrap: string,
  { expect = {} }: Scenario,
  seconds: number,
  judged: () => Promise<Judgement>
): Promise<void> => {
  const limit = performance.now() + seconds * 1000
  const wait = () => Effect.runPromise(pause(300))
  if (expect.fromFirstStored !== true) {
    for (const [topic, least] of leastStored(simulator, streams)) {
      for (let stored = 0; stored < least && performance.now() < limit; await wait()) {
        const offsets = await endOffsets(bootstrap, `${prefix}${topic}`)
        stored = offsets.reduce((sum, { high }) => sum + high, 0)
      }
    }
  }
  while (performance.now() < limit && (await judged()).missing > 0) await Effect.runPromise(pause(2000))
}

const verdictOf = (judgement: Judgement): ReadonlyArray<string> => {
  const wrong = (["missing", "duplicated", "outOfOrder", "mutated"] as const).filter((name) => judgement[name] > 0)
  return [...wrong.map((name) => `${judgement[name]} ${name}`), ...judgement.faults]
}

/** Never fails: what goes wrong is the outcome. Kafka is whole again afterwards. */
export const execute = Effect.fnUntraced(function* (scenario: Scenario, options: Options) {
  const notes: Array<string> = []
  const began = performance.now()
  const exit = yield* play(scenario, options, (text) => notes.push(text)).pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([])),
    Effect.exit
  )
  yield* Effect.promise(options.kafka.heal)
  const outcome: Outcome = {
    name: scenario.name,
    acks: options.acks,
    sabotage: options.sabotage,
    judgement: Exit.isSuccess(exit) ? exit.value : undefined,
    faults: Exit.isSuccess(exit) ? verdictOf(exit.value) : [Cause.pretty(exit.cause)],
    notes,
    seconds: Math.round((performance.now() - began) / 1000)
  }
  return outcome
})
