/**
 * What comes at once of a stream, a page of the history or all that waited behind a hole, goes on a slice at a time: events of
 * others do not stand in line behind thousands. What comes of the same stream meanwhile follows in its order.
 */
import { goesBefore, type Statement } from "./ContinuityRecord.ts"
import type { MarketEvent } from "./Decoder.ts"
import * as Fifo from "./lane/Fifo.ts"
import type { Ordered } from "./sequencer/contract.ts"

/** Events of a slice, beside as many as have come of the stream since it began to wait. */
const SLICE = 100
/** In a long line a slice is its so many-th part. */
const LONG = 500

type Item = MarketEvent | Statement

interface Line {
  readonly items: Fifo.Fifo<Item>
  events: number
  /** So many go on whoever's turn it is: a line does not grow. */
  due: number
}

export interface Pacer {
  /** What of it goes on now; `live`: how many events came in for it. */
  readonly pass: (ordered: Ordered, live: number) => Ordered
  /** What goes on next: a slice of one stream, and of each other as many as have come of it. */
  readonly next: () => Ordered
  /** The same without slices: after some of it nothing waits any more. */
  readonly rest: () => Ordered
  /** How many events wait, of how many streams. */
  readonly waiting: () => number
  readonly streams: () => number
}

const nothing = (): Ordered => ({ events: [], notes: [], rejected: [], duplicates: 0 })

/** What is made of one `Ordered` goes in this order. */
const placeOf = (item: Item): 0 | 1 | 2 => ("facts" in item ? 1 : goesBefore(item) ? 0 : 2)

const streamOf = ({ stream }: Item): string => (typeof stream === "string" ? stream : stream.name)

const putInto = ({ events, notes }: Ordered, item: Item): void => {
  if ("facts" in item) events.push(item)
  else notes.push(item)
}

/** Takes what follows one another, and so many events at most. */
const take = (line: Line, most: number, into: Ordered): void => {
  let place = 0
  let events = 0
  const items = line.items.take((item) => {
    const its = placeOf(item)
    if (its < place || (its === 1 && events >= most)) return false
    if (its === 1) events++
    place = its
    return true
  })
  for (const item of items) putInto(into, item)
  line.events -= events
  line.due = Math.max(0, line.due - events)
}

export const make = (): Pacer => {
  const lines = new Map<string, Line>()

  /** Streams of which more has come out than went in, by more than a slice. */
  const crowds = ({ events }: Ordered, live: number): ReadonlySet<string> => {
    const counts = new Map<string, number>()
    if (events.length > live + SLICE) {
      for (const { stream } of events) counts.set(stream.name, (counts.get(stream.name) ?? 0) + 1)
    }
    return new Set(Array.from(counts).flatMap(([name, count]) => (count > live + SLICE ? [name] : [])))
  }

  const hold = (line: Line, item: Item): void => {
    line.items.push(item)
    if (placeOf(item) !== 1) return
    line.events++
  }

  const drain = (sliceOf: (line: Line) => number): Ordered => {
    const out = nothing()
    const [first] = lines
    if (first === undefined) return out
    const [name, line] = first
    line.due += sliceOf(line)
    for (const one of lines.values()) if (one.due > 0 || one.events === 0) take(one, one.due, out)
    // To the end of the turns.
    lines.delete(name)
    lines.set(name, line)
    for (const [name, { items }] of lines) if (items.isEmpty()) lines.delete(name)
    return out
  }

  return {
    pass: (ordered, live) => {
      const crowded = crowds(ordered, live)
      if (lines.size === 0 && crowded.size === 0) return ordered
      const passed: Ordered = { ...ordered, events: [], notes: [] }
      const before = new Set(lines.keys())
      for (const name of crowded) if (!lines.has(name)) lines.set(name, { items: Fifo.make(), events: 0, due: 0 })
      const put = (item: Item) => {
        const name = streamOf(item)
        const line = lines.get(name)
        if (line === undefined) return putInto(passed, item)
        hold(line, item)
        if (before.has(name) && !crowded.has(name) && placeOf(item) === 1) line.due++
      }
      for (const note of ordered.notes) if (goesBefore(note)) put(note)
      for (const event of ordered.events) put(event)
      for (const note of ordered.notes) if (!goesBefore(note)) put(note)
      return passed
    },
    next: () => drain(({ events }) => Math.max(SLICE, Math.ceil(events / LONG))),
    rest: () => drain(({ events }) => events),
    waiting: () => Array.from(lines.values()).reduce((sum, { events }) => sum + events, 0),
    streams: () => lines.size
  }
}
