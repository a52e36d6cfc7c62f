/** A scenario: a fault between exchange, connector and Kafka, and what must be true when it is over. */
import { setTimeout } from "node:timers/promises"
import { Effect, type Scope } from "effect"
import type { Simulator, SimulatorOptions } from "../../src/simulator/Simulator.ts"
import type { Connector, ConnectorFailed } from "./connector.ts"
import type { Expectation } from "./judge/contract.ts"
import type { Kafka } from "./kafka.ts"

/** What a mechanism is broken by, in the harness alone, to see that the scenario then fails; see README.md. */
export const sabotages = [
  "history",
  "disk",
  "acks",
  "line",
  "rollover",
  "stored-twice",
  "record-dropped",
  "record-repeated",
  "record-moved",
  "record-altered",
  "claims"
] as const
export type Sabotage = (typeof sabotages)[number]

export interface World {
  readonly simulator: Simulator
  readonly connector: Connector
  /** A further process with the same settings, and a folder and a log of its own. */
  readonly another: (name: string) => Effect.Effect<Connector>
  readonly kafka: Kafka
  /** With the scenario's prefix. */
  readonly topic: (name: string) => string
  /** The connector's; outlives its processes. */
  readonly dataDir: string
  /** Within [0, 1), from the run's seed. */
  readonly random: () => number
  /** How thorough: `quick` for every check, `full` before a release. */
  readonly size: Size
  /** A line for the reader of the table. */
  readonly note: (text: string) => void
}

export type Size = "quick" | "normal" | "full"

export interface Scenario {
  readonly name: string
  readonly about: string
  /** Each of them must make it fail. */
  readonly sabotages: ReadonlyArray<Sabotage>
  readonly kafka?: "one" | "three"
  /** It works with this one alone. */
  readonly acks?: "all"
  /** Judged as both kinds of consumers see it. */
  readonly isolations?: "both"
  readonly simulator?: Partial<SimulatorOptions>
  readonly streams?: ReadonlyArray<string>
  readonly settings?: Readonly<Record<string, string>>
  readonly expect?: Expectation
  /** It starts the connector by itself; else it is running and storing when `run` begins. */
  readonly startsItself?: true
  /** How long the end may take to come, s. */
  readonly settleSeconds?: number
  readonly run: (world: World) => Effect.Effect<void, ConnectorFailed, Scope.Scope>
}

export const symbols = ["BTCUSDT", "ETHUSDT", "BNBUSDT"]

export const streamsOf = (
  kinds: ReadonlyArray<string>,
  names: ReadonlyArray<string> = symbols
): ReadonlyArray<string> => names.flatMap((symbol) => kinds.map((kind) => `${symbol.toLowerCase()}@${kind}`))

/** What is judged if a scenario does not say: everything with a sequence, and one kind of each other sort. */
export const usualStreams = [
  ...streamsOf(["trade", "aggTrade", "kline_1s"]),
  "btcusdt@bookTicker",
  "btcusdt@depth@100ms"
]

export const pause = (millis: number): Effect.Effect<void> => Effect.promise(() => setTimeout(millis))

export const until = (condition: () => boolean, what: string, millis = 60_000): Effect.Effect<void> =>
  Effect.promise(async () => {
    const limit = performance.now() + millis
    while (!condition()) {
      if (performance.now() > limit) throw new Error(`waited ${millis} ms in vain for ${what}`)
      await setTimeout(20)
    }
  })

export const does = (action: () => Promise<void>): Effect.Effect<void> => Effect.promise(action)
