/** The figures of the live page, in memory by nature; one fiber samples counters once a second, for their rates. */
import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import type { ContinuityReport, DeadLetterReport } from "../schema/StatusReport.ts"
import {
  type ConnectionCell,
  type Figures,
  type KafkaCell,
  newConnection,
  newStream,
  type SpoolCell,
  Status,
  type StreamCell
} from "../services/Status.ts"
import * as Rates from "./status/Rates.ts"
import * as Sends from "./status/Sends.ts"

const SAMPLE_EVERY = Duration.seconds(1)

/** So many of the latest are kept. */
const DEAD_LETTERS = 20
const CONTINUITY = 50

/** More of a kind at once are one line: a rollover concerns all streams of its connection. */
const MOST_ALIKE = 3

/** The latest first. */
const latest = <A>(before: ReadonlyArray<A>, news: ReadonlyArray<A>, most: number): ReadonlyArray<A> =>
  [...news.slice(-most).toReversed(), ...before].slice(0, most)

const grouped = (statements: ReadonlyArray<Omit<ContinuityReport, "streams">>): ReadonlyArray<ContinuityReport> =>
  [...Map.groupBy(statements, ({ reason, type }) => `${type} ${reason}`).values()].flatMap((alike) =>
    alike.length > MOST_ALIKE
      ? alike.slice(0, 1).map((one) => ({ ...one, streams: alike.length, from: null, to: null }))
      : alike.map((one) => ({ ...one, streams: 1 }))
  )

const cellsOf = <Cell>(fresh: () => Cell) => {
  const cells = new Map<string, Cell>()
  const cell = (name: string): Cell => {
    const known = cells.get(name)
    if (known !== undefined) return known
    const made = fresh()
    cells.set(name, made)
    return made
  }
  return [cells, cell] as const
}

const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const monotonic = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const startedAt = clock.currentTimeMillisUnsafe()
  const [streams, stream] = cellsOf(newStream)
  const [connections, connection] = cellsOf(newConnection)
  const rates = Rates.make<StreamCell | ConnectionCell | KafkaCell>(monotonic())
  const sends = Sends.make()
  const spool: SpoolCell = { isOpen: false, bytes: 0, records: 0, since: null }
  let acks = 0
  let records = 0
  const kafka: KafkaCell = {
    isOpen: false,
    failures: 0,
    inFlight: 0,
    waitingRecords: 0,
    waitingBytes: 0,
    lastError: null,
    acknowledged: (count, millis) => {
      acks++
      records += count
      sends.add(count, millis)
    }
  }
  let deadLetters: Figures["deadLetters"] = { total: 0, latest: [] }
  let continuity: ReadonlyArray<ContinuityReport> = []

  const counts = function* (): Generator<readonly [StreamCell | ConnectionCell | KafkaCell, number]> {
    for (const cell of streams.values()) yield [cell, cell.events]
    for (const cell of connections.values()) yield [cell, cell.frames]
    yield [kafka, records]
  }
  const sample = Effect.sync(() => rates.sample(monotonic(), counts()))
  yield* Effect.forkScoped(Effect.repeat(Effect.delay(sample, SAMPLE_EVERY), Schedule.forever))

  const figures = (): Figures => {
    const cells = [...streams.values()]
    const { batchRecords = null, sendMs = null } = sends.summary() ?? {}
    const { failures, inFlight, lastError, waitingBytes, waitingRecords } = kafka
    const { bytes, isOpen, records: spooled, since } = spool
    return {
      at: clock.currentTimeMillisUnsafe(),
      startedAt,
      events: cells.reduce((sum, { events }) => sum + events, 0),
      rate: cells.reduce((sum, cell) => sum + rates.rateOf(cell), 0),
      deadLetters,
      continuity,
      spool: isOpen ? { bytes, records: spooled, since } : null,
      streams: new Map(Array.from(streams, ([name, cell]) => [name, { ...cell, rate: rates.rateOf(cell) }])),
      connections: new Map(Array.from(connections, ([name, cell]) => [name, { ...cell, rate: rates.rateOf(cell) }])),
      kafka: kafka.isOpen
        ? {
            acks,
            failures,
            records,
            rate: rates.rateOf(kafka),
            inFlight,
            waitingRecords,
            waitingBytes,
            batchRecords,
            sendMs,
            lastError
          }
        : null
    }
  }

  return {
    stream,
    connection,
    kafka,
    spool,
    deadLetters: (letters: ReadonlyArray<DeadLetterReport>) => {
      deadLetters = {
        total: deadLetters.total + letters.length,
        latest: latest(deadLetters.latest, letters, DEAD_LETTERS)
      }
    },
    continuity: (statements: ReadonlyArray<Omit<ContinuityReport, "streams">>) => {
      if (statements.length > 0) continuity = latest(continuity, grouped(statements), CONTINUITY)
    },
    figures
  }
})

export const layer: Layer.Layer<never> = Layer.effect(Status, make)
