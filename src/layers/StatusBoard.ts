/** The figures of the live page, in memory by nature; one fiber samples counters once a second, for their rates. */
import { Clock, Duration, Effect, Layer } from "effect"
import { wholeSecond } from "../pipeline/wholeSecond.ts"
import type { ContinuityReport, DeadLetterReport } from "../schema/StatusReport.ts"
import {
  type ConnectionCell,
  type Figures,
  type KafkaCell,
  newConnection,
  newRest,
  newSpool,
  newStream,
  type SpoolCell,
  Status,
  type StreamCell,
  type Trouble,
  troubleKinds
} from "../services/Status.ts"
import * as Rates from "./status/Rates.ts"
import * as Repeating from "./status/Repeating.ts"
import * as Sends from "./status/Sends.ts"
import * as Troubles from "./status/Troubles.ts"

/** Whose growth is watched. */
type Counted = StreamCell | ConnectionCell | KafkaCell | SpoolCell

/** Nothing comes of the stream any more. */
const REPEATING_LASTS = Duration.toMillis("2 minutes")

/** Clocks that drift apart by less are left alone. */
const LEAP_MS = 2000

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
  const began = monotonic()
  let startedAt = clock.currentTimeMillisUnsafe()
  const [streams, stream] = cellsOf(newStream)
  const [connections, connection] = cellsOf(newConnection)
  const rates = Rates.make<Counted>(monotonic())
  const sends = Sends.make()
  const troubles = Troubles.make()
  const tell = (trouble: Trouble): void => troubles.tell(trouble, monotonic(), clock.currentTimeMillisUnsafe())
  const carried = new Set<string>()
  const spool = newSpool()
  const rest = newRest()
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

  const counts = function* (): Generator<readonly [Counted, number]> {
    for (const cell of streams.values()) yield [cell, cell.events]
    for (const cell of connections.values()) yield [cell, cell.frames]
    yield [kafka, records]
    yield [spool, spool.bytes]
  }
  const isRepeating = Repeating.make()
  const lookForRepeats = (): void => {
    for (const [subject, cell] of streams) {
      const repeating = isRepeating(cell)
      if (repeating === false) troubles.end(subject, "nothing new")
      if (repeating !== true) continue
      const text = "all that comes had been published before: do its topics hold another exchange's ids (TOPIC_PREFIX)?"
      tell({ subject, kind: "nothing new", text, lasts: REPEATING_LASTS })
    }
  }
  const sample = Effect.sync(() => {
    rates.sample(monotonic(), counts())
    lookForRepeats()
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(wholeSecond, sample)))

  const figures = (): Figures => {
    const cells = [...streams.values()]
    const { batchRecords = null, sendMs = null } = sends.summary() ?? {}
    const { failures, inFlight, lastError, waitingBytes, waitingRecords } = kafka
    const { isOpen, ...spooled } = spool
    const { isOpen: isAsked, ...answered } = rest
    const at = clock.currentTimeMillisUnsafe()
    // By the clock on the wall as it is now: it may have leapt, how long the program runs did not.
    const start = at - (monotonic() - began)
    if (Math.abs(start - startedAt) > LEAP_MS) startedAt = Math.round(start)
    return {
      at,
      startedAt,
      events: cells.reduce((sum, { events }) => sum + events, 0),
      rate: cells.reduce((sum, cell) => sum + rates.rateOf(cell), 0),
      deadLetters,
      continuity,
      carried: [...carried],
      spool: isOpen ? { ...spooled, growth: rates.rateOf(spool) } : null,
      rest: isAsked ? answered : null,
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
    rest,
    joined: (names: ReadonlyArray<string>) => {
      for (const name of names) {
        carried.add(name)
        stream(name)
      }
    },
    left: (names: ReadonlyArray<string>) => {
      for (const name of names) {
        carried.delete(name)
        for (const kind of troubleKinds) troubles.end(name, kind)
      }
    },
    deadLetters: (letters: ReadonlyArray<DeadLetterReport>) => {
      deadLetters = {
        total: deadLetters.total + letters.length,
        latest: latest(deadLetters.latest, letters, DEAD_LETTERS)
      }
    },
    continuity: (statements: ReadonlyArray<Omit<ContinuityReport, "streams">>) => {
      if (statements.length > 0) continuity = latest(continuity, grouped(statements), CONTINUITY)
    },
    trouble: tell,
    well: troubles.end,
    troubles: () => troubles.now(monotonic()),
    figures
  }
})

export const layer: Layer.Layer<never> = Layer.effect(Status, make)
