/**
 * Keeps account of the last stored record of each sequenced stream, and writes it to the positions topic now and then. What
 * was written is a hint: whoever starts again looks whether the record is there, and what came after it. Of what lies before it
 * he reads no more: it is written once all is stored that was said of that.
 */
import { Clock, Effect, Latch, Option, Schema, Semaphore } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Spans from "../../pipeline/Spans.ts"
import { Continuity } from "../../schema/Continuity.ts"
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import type { SinkError } from "../../services/EventSink.ts"
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
  /** What was written late, and is not said to be. */
  readonly late: Spans.Spans
  /** What was written last, or is to be written as soon as something is; as far as `unwritten` does not say otherwise. */
  known: StoredPosition.StoredPosition | undefined
  unwritten: boolean
}

/** `U-u:digest` or a number by itself; other ids belong to what has no sequence. */
const SPAN = /^\d+-(\d+):[0-9a-f]{8}$/
const NUMBER = /^\d+$/

const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

const numberOf = (id: string): number => {
  if (NUMBER.test(id)) return Number(id)
  const last = SPAN.exec(id)?.[1]
  return last === undefined ? Number.NaN : Number(last)
}

export interface Options {
  readonly publish: (records: ReadonlyArray<SinkRecord>) => Effect.Effect<void>
  /** Completes when all that was published is stored. */
  readonly flush: Effect.Effect<void, SinkError>
}

export const make = Effect.fnUntraced(function* ({ flush, publish }: Options) {
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
      late: Spans.make(),
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

  const wroteLate = (standing: Standing, facts: Sequenced.Sequenced): void => {
    standing.late.add(facts)
    standing.unwritten = true
  }

  /** What there is to write of a stream. */
  const positionOf = (standing: Standing): StoredPosition.StoredPosition | undefined => {
    const { known, newest } = standing
    const facts = newest === undefined ? undefined : read(newest.record)
    if (facts?.late === true) wroteLate(standing, facts)
    const late = standing.late.ranges()
    if (newest !== undefined && facts?.late === false) {
      const { partition, record, topic } = newest
      // Not believed where the record is not: looked for then.
      const offset = Math.max(0, newest.offset)
      const eventId = record.headers["event-id"] ?? ""
      return { v: 1, topic, partition, offset, eventId, last: facts.last, at: facts.at, late }
    }
    return known === undefined || !standing.unwritten ? undefined : { ...known, late }
  }

  /** Of these it is said now that they were written late. */
  const said = ({ value }: SinkRecord): void => {
    const { from, late, stream, to, type } = Option.getOrUndefined(decodeContinuity(utf8.decode(value))) ?? {}
    const standing = byName.get(stream ?? "")
    if (type !== "gap-filled" || late !== true || standing === undefined || from == null || to == null) return
    standing.late.remove({ first: from, last: to })
    standing.unwritten = true
    unwritten++
  }

  const turn = yield* Semaphore.make(1)
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
    }
    if (found.length === 0) return false
    // The highest offset of a partition last: where that is written, so is all before it.
    found.sort(([, a], [, b]) => a.offset - b.offset)
    return yield* flush.pipe(
      Effect.andThen(
        publish(found.map(([stream, position]) => StoredPosition.toRecord(topics.positions, stream, position, now)))
      ),
      Effect.as(true),
      // The sink is broken, and says so itself.
      Effect.orElseSucceed(() => false)
    )
  }).pipe(turn.withPermit)

  return {
    stored: (topic, partition, offset, records) => {
      if (topic === topics.continuity) for (const record of records) said(record)
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
          if (facts?.late === true) wroteLate(standing, facts)
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
      for (const span of position.late) standing.late.add(span)
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
