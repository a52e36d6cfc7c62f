/**
 * Keeps account of the last stored record of each sequenced stream, and writes it to the positions topic now and then. What
 * was written is a hint: whoever starts again looks whether the record is there, and what came after it.
 */
import { Clock, Effect, Latch, Predicate } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import * as StoredPosition from "./StoredPosition.ts"

const EVERY = "5 seconds"
const EVERY_RECORDS = 10_000

export interface Positions {
  /** These are stored in this partition from this offset on (-1: somewhere). */
  readonly stored: (topic: string, partition: number, offset: number, records: ReadonlyArray<SinkRecord>) => void
  /** Where a stream stands at the start; `written`: as the topic has it. */
  readonly known: (stream: string, position: StoredPosition.StoredPosition, written: boolean) => void
  /**
   * All is known of the start. Nothing is written before: what stands in the topic would no longer tell where to look for the
   * rest.
   */
  readonly begin: () => void
  /** Writes what is new now; says whether there was anything. */
  readonly write: Effect.Effect<boolean>
  /** Writes it every few seconds, for ever. */
  readonly run: Effect.Effect<never>
}

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly record: SinkRecord
}

interface Standing {
  readonly stream: string
  /** By the number in its id; written and let go of now and then. */
  newest: Place | undefined
  number: number
  /** The highest that was written late since. */
  late: number | undefined
  /** What was written last, or is to be written as soon as something is. */
  known: StoredPosition.StoredPosition | undefined
  unwritten: boolean
}

/** `U-u:digest` or a number by itself; other ids belong to what has no sequence. */
const SPAN = /^\d+-(\d+):[0-9a-f]{8}$/
const NUMBER = /^\d+$/

const numberOf = (id: string): number => {
  if (NUMBER.test(id)) return Number(id)
  const last = SPAN.exec(id)?.[1]
  return last === undefined ? Number.NaN : Number(last)
}

export const make = Effect.fnUntraced(function* (publish: (records: ReadonlyArray<SinkRecord>) => Effect.Effect<void>) {
  const { binance, topics } = yield* AppConfig
  const read = Sequenced.make(binance.streams)
  const full = yield* Latch.make(false)
  const dirty = yield* Latch.make(false)
  const standings = new Map<string, Map<string, Standing>>()
  const byName = new Map<string, Standing>()
  let unwritten = 0
  let begun = false

  for (const { name, suffix, symbol } of binance.streams) {
    if (symbol === undefined) continue
    const standing: Standing = {
      stream: name,
      newest: undefined,
      number: Number.NEGATIVE_INFINITY,
      late: undefined,
      known: undefined,
      unwritten: false
    }
    byName.set(name, standing)
    const ofSymbol = standings.get(symbol) ?? new Map<string, Standing>()
    standings.set(symbol, ofSymbol.set(EventId.prefixOf(suffix, symbol), standing))
  }

  const standingOf = ({ headers, key }: SinkRecord): readonly [Standing, number] | undefined => {
    const id = headers["event-id"] ?? ""
    for (const [prefix, standing] of standings.get(key) ?? []) {
      if (id.startsWith(prefix)) {
        const number = numberOf(id.slice(prefix.length))
        return Number.isNaN(number) ? undefined : [standing, number]
      }
    }
    return undefined
  }

  /** What there is to write of a stream. */
  const positionOf = ({ known, late, newest, unwritten }: Standing): StoredPosition.StoredPosition | undefined => {
    const facts = newest === undefined ? undefined : read(newest.record)
    const lates = [late, known?.late, facts?.late === true ? facts.last : undefined].filter(Predicate.isNotNullish)
    const noted = { late: lates.length === 0 ? null : Math.max(...lates) }
    if (newest !== undefined && facts?.late === false) {
      const { partition, record, topic } = newest
      // Not believed where the record is not: looked for then.
      const offset = Math.max(0, newest.offset)
      const eventId = record.headers["event-id"] ?? ""
      return { v: 1, topic, partition, offset, eventId, last: facts.last, at: facts.at, ...noted }
    }
    return known === undefined || (!unwritten && noted.late === known.late) ? undefined : { ...known, ...noted }
  }

  const write = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (!begun) return false
    dirty.closeUnsafe()
    full.closeUnsafe()
    unwritten = 0
    const found: Array<readonly [string, StoredPosition.StoredPosition]> = []
    for (const standing of byName.values()) {
      const position = positionOf(standing)
      if (position === undefined) continue
      found.push([standing.stream, position])
      standing.known = position
      standing.unwritten = false
      standing.newest = undefined
      standing.late = undefined
    }
    if (found.length === 0) return false
    // The highest offset of a partition last: where that is written, so is all before it.
    found.sort(([, a], [, b]) => a.offset - b.offset)
    yield* publish(found.map(([stream, position]) => StoredPosition.toRecord(topics.positions, stream, position, now)))
    return true
  })

  return {
    stored: (topic, partition, offset, records) => {
      for (const [index, record] of records.entries()) {
        const [standing, number] = standingOf(record) ?? []
        if (standing === undefined || number === undefined) continue
        // A candle's number is its open time: the next one's is above the close time that was written.
        if (number >= Math.max(standing.number, standing.known?.last ?? number)) {
          standing.number = number
          standing.newest = { topic, partition, offset: offset < 0 ? offset : offset + index, record }
        } else {
          // Behind a newer one: late, or sent again after a failover.
          const facts = read(record)
          if (facts?.late === true) standing.late = Math.max(standing.late ?? facts.last, facts.last)
        }
        unwritten++
      }
      if (begun && unwritten > 0) dirty.openUnsafe()
      if (begun && unwritten >= EVERY_RECORDS) full.openUnsafe()
    },
    known: (stream, position, written) => {
      const standing = byName.get(stream)
      if (standing === undefined) return
      standing.known = position
      standing.unwritten = !written
    },
    begin: () => {
      begun = true
    },
    write,
    run: Effect.forever(
      dirty.await.pipe(Effect.andThen(Effect.timeoutOption(full.await, EVERY)), Effect.andThen(write))
    )
  } satisfies Positions
})
