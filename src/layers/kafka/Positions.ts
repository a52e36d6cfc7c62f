/**
 * Keeps account of the last stored record of each sequenced stream, and writes it to the positions topic now and then. What
 * was written is a hint: whoever starts again looks whether the record is there, and what came after it. Each position speaks
 * for itself: of several that are written together any may be lost.
 */
import { Clock, Effect, Latch, Option, Schema, Semaphore } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Spans from "../../pipeline/Spans.ts"
import { Continuity } from "../../schema/Continuity.ts"
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import * as Streams from "../../services/Streams.ts"
import * as StoredPosition from "./StoredPosition.ts"

const EVERY = "5 seconds"
const EVERY_RECORDS = 10_000

/** A stream that does not move is written again when so many records of its partition have passed: a start reads these. */
const FARTHEST_BEHIND = 10_000

export interface Positions {
  /** These are stored in this partition from this offset on (-1: somewhere). */
  readonly stored: (topic: string, partition: number, offset: number, records: ReadonlyArray<SinkRecord>) => void
  /** Below this offset of the partition nothing is stored of our streams but what is known. */
  readonly seen: (topic: string, partition: number, end: number) => void
  /**
   * Where a stream stood at the start, if anywhere; `written`: the topic says so. Nothing is written of a stream of which that
   * is not known: what stands in the topic would no longer tell where to look for the rest.
   */
  readonly known: (stream: string, position: StoredPosition.StoredPosition | undefined, written: boolean) => void
  /** From now on it is written. */
  readonly begin: Effect.Effect<void>
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
  /** What the event-ids of its records begin with. */
  readonly prefix: string
  isKnown: boolean
  /** In order, since the last write. */
  newest: Place | undefined
  /** By the number in its id. */
  number: number
  /** What was written late, and is not said to be. */
  readonly late: Spans.Spans
  /** What was written last, or is to be written. */
  written: StoredPosition.StoredPosition | undefined
  /** Changes that are not written, though nothing is newer. */
  changes: number
}

/** `U-u:digest`; beside that and a number by itself, ids belong to what has no sequence. */
const SPAN = /^\d+-(\d+):[0-9a-f]{8}$/

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`

/** Of an id behind its prefix. Digit by digit, for nearly all of them are numbers, and every record has one. */
const numberOf = (id: string, from: number): number => {
  let number = 0
  for (let at = from; at < id.length; at++) {
    const digit = id.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return Number(SPAN.exec(id.slice(from))?.[1])
    number = number * 10 + digit
  }
  return from < id.length ? number : Number.NaN
}

const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

export interface Options {
  readonly publish: (records: ReadonlyArray<SinkRecord>) => Effect.Effect<void>
  /** Whether all that was said of gaps until now is stored, once that is known. */
  readonly stated: Effect.Effect<boolean>
}

export const make = Effect.fnUntraced(function* ({ publish, stated }: Options) {
  const { binance, topics } = yield* AppConfig
  const place = { market: binance.market.name, topic: topics.positions }
  const { known: knownStreams } = yield* Streams.streams
  const read = Sequenced.growing(knownStreams)
  const full = yield* Latch.make(false)
  const dirty = yield* Latch.make(false)
  const turn = yield* Semaphore.make(1)
  const bySymbol = new Map<string, Array<Standing>>()
  const byName = new Map<string, Standing>()
  /** By topic and partition: the offset behind the last record that was stored here. */
  const ends = new Map<string, number>()
  let unwritten = 0
  let begun = false

  /** How many of the streams have a standing; they become more. */
  let accounted = 0
  const account = (): void => {
    const streams = knownStreams()
    for (const stream of streams.slice(accounted)) {
      const { name, symbol } = stream
      if (symbol === undefined) continue
      const standing: Standing = {
        stream: name,
        prefix: EventId.prefixOf(stream, symbol),
        isKnown: false,
        newest: undefined,
        number: Number.NEGATIVE_INFINITY,
        late: Spans.make(),
        written: undefined,
        changes: 0
      }
      byName.set(name, standing)
      const ofSymbol = bySymbol.get(symbol) ?? []
      bySymbol.set(symbol, ofSymbol)
      ofSymbol.push(standing)
    }
    accounted = streams.length
  }
  account()

  const standingOf = (key: string, id: string): Standing | undefined => {
    for (const standing of bySymbol.get(key) ?? []) if (id.startsWith(standing.prefix)) return standing
    return undefined
  }

  /** A failover may have cut off what some positions had seen. */
  const moved = (topic: string, partition: number, offset: number, records: number): void => {
    if (offset < 0) return
    const place = placeOf(topic, partition)
    const isCut = offset < (ends.get(place) ?? 0)
    ends.set(place, offset + records)
    for (const standing of isCut ? byName.values() : []) {
      const { written } = standing
      if (written?.topic === topic && written.partition === partition) standing.changes++
    }
  }

  const endOf = ({ partition, topic }: Pick<Place, "topic" | "partition">): number | undefined =>
    ends.get(placeOf(topic, partition))

  /** What there is to write of a stream. */
  const positionOf = ({
    changes,
    isKnown,
    late,
    newest,
    written
  }: Standing): StoredPosition.StoredPosition | undefined => {
    if (!isKnown) return undefined
    const facts = newest && read(newest.record)
    if (newest !== undefined && facts !== undefined) {
      const { partition, record, topic } = newest
      // Not believed where the record is not: looked for then.
      const offset = Math.max(0, newest.offset)
      const eventId = record.headers["event-id"] ?? ""
      const seen = Math.max(endOf(newest) ?? 0, offset + 1)
      return { v: 1, topic, partition, offset, seen, eventId, last: facts.last, at: facts.at, late: late.ranges() }
    }
    if (written === undefined) return undefined
    const seen = endOf(written) ?? written.seen
    return changes > 0 || seen - written.seen >= FARTHEST_BEHIND ? { ...written, seen, late: late.ranges() } : undefined
  }

  const wroteLate = (standing: Standing, facts: Sequenced.Sequenced): void => {
    standing.late.add(facts)
    standing.changes++
  }

  /** A statement is stored: what it says was written late is said now. */
  const said = ({ value }: SinkRecord): void => {
    const { from, late, stream, to, type } = Option.getOrUndefined(decodeContinuity(utf8.decode(value))) ?? {}
    const standing = byName.get(stream ?? "")
    if (standing === undefined || from == null || to == null) return
    if (type === "gap-filled" && late === true) {
      standing.late.remove({ first: from, last: to })
      standing.changes++
      unwritten++
    }
  }

  const write = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (!begun) return false
    dirty.closeUnsafe()
    full.closeUnsafe()
    unwritten = 0
    const due = Array.from(byName.values()).flatMap((standing) => {
      const { changes, newest } = standing
      const position = positionOf(standing)
      return position === undefined ? [] : [{ standing, position, changes, newest }]
    })
    if (due.length === 0) return false
    if (!(yield* stated)) {
      dirty.openUnsafe()
      return false
    }
    // Those of which the topic knows the least come first: where others are written, they are.
    due.sort((a, b) => (a.standing.written?.seen ?? -1) - (b.standing.written?.seen ?? -1))
    const records = due.map(({ position, standing }) => StoredPosition.toRecord(place, standing.stream, position, now))
    const commit = Effect.sync(() => {
      for (const { changes, newest, position, standing } of due) {
        standing.written = position
        standing.changes -= changes
        if (standing.newest === newest) standing.newest = undefined
      }
    })
    yield* Effect.uninterruptible(Effect.andThen(publish(records), commit))
    return true
  }).pipe(turn.withPermit)

  return {
    stored: (topic, partition, offset, records) => {
      if (accounted < knownStreams().length) account()
      moved(topic, partition, offset, records.length)
      if (topic === topics.continuity) for (const record of records) said(record)
      let next = offset
      for (const record of records) {
        const at = offset < 0 ? offset : next++
        const id = record.headers["event-id"] ?? ""
        const standing = standingOf(record.key, id)
        const number = standing === undefined ? Number.NaN : numberOf(id, standing.prefix.length)
        if (standing === undefined || Number.isNaN(number)) continue
        const isFirst = standing.number < 0 && standing.written === undefined
        // A candle's number is its open time: the next one's is above the close time that was written.
        const isNewest = number >= Math.max(standing.number, standing.written?.last ?? number)
        // Behind a newer one: late, or sent again after a failover.
        const facts = isFirst || !isNewest ? read(record) : undefined
        if (facts?.late === true) wroteLate(standing, facts)
        else if (isNewest) {
          standing.number = number
          standing.newest = { topic, partition, offset: at, record }
        }
        unwritten++
      }
      if (begun && unwritten > 0) dirty.openUnsafe()
      if (begun && unwritten >= EVERY_RECORDS) full.openUnsafe()
    },
    seen: (topic, partition, end) => {
      const place = placeOf(topic, partition)
      if (end <= (ends.get(place) ?? 0)) return
      ends.set(place, end)
      if (begun) dirty.openUnsafe()
    },
    known: (stream, position, written) => {
      if (accounted < knownStreams().length) account()
      const standing = byName.get(stream)
      if (standing === undefined) return
      standing.isKnown = true
      standing.written ??= position
      if (!written && position !== undefined) standing.changes++
      for (const span of position?.late ?? []) standing.late.add(span)
    },
    begin: Effect.sync(() => {
      begun = true
    }),
    write,
    run: Effect.forever(
      dirty.await.pipe(Effect.andThen(Effect.timeoutOption(full.await, EVERY)), Effect.andThen(write))
    )
  } satisfies Positions
})
