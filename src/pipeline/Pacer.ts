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
/** Where much waits, a slice is its so many-th part: all of it is to be there soon. */
const PARTS = 100

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
  /** All that waits of these streams, or of all, one after the other. */
  readonly release: (streams?: ReadonlySet<string>) => ReadonlyArray<Ordered>
  /** How many events wait, of a stream or of all. */
  readonly waiting: (stream?: string) => number
  /** Of their payloads. */
  readonly bytes: () => number
  readonly isEmpty: () => boolean
}

const nothing = (): Ordered => ({ events: [], notes: [], rejected: [], duplicates: 0 })

/** What is made of one `Ordered` goes in this order. */
const placeOf = (item: Item): 0 | 1 | 2 => ("facts" in item ? 1 : goesBefore(item) ? 0 : 2)

const streamOf = ({ stream }: Item): string => (typeof stream === "string" ? stream : stream.name)

const putInto = ({ events, notes }: Ordered, item: Item): void => {
  if ("facts" in item) events.push(item)
  else notes.push(item)
}

export const make = (): Pacer => {
  const lines = new Map<string, Line>()
  let waiting = 0
  let bytes = 0

  /** Streams of which more has come out than went in, by more than a slice. */
  const crowds = ({ events }: Ordered, live: number): ReadonlySet<string> => {
    const counts = new Map<string, number>()
    if (events.length > live + SLICE) {
      for (const { stream } of events) counts.set(stream.name, (counts.get(stream.name) ?? 0) + 1)
    }
    return new Set(Array.from(counts).flatMap(([name, count]) => (count > live + SLICE ? [name] : [])))
  }

  const hold = (line: Line, item: Item, isDue: boolean): void => {
    line.items.push(item)
    if (!("facts" in item)) return
    line.events++
    if (isDue) line.due++
    waiting++
    bytes += item.json.length
  }

  /** Takes what may follow one another in one `Ordered`, and so many events at most. */
  const take = (name: string, line: Line, most: number, into: Ordered): void => {
    let place = 0
    let events = 0
    const items = line.items.take((item) => {
      const its = placeOf(item)
      if (its < place || (its === 1 && events >= most)) return false
      if (its === 1) events++
      place = its
      return true
    })
    for (const item of items) {
      if ("facts" in item) bytes -= item.json.length
      putInto(into, item)
    }
    line.events -= events
    line.due = Math.max(0, line.due - events)
    waiting -= events
    if (line.items.isEmpty()) lines.delete(name)
  }

  return {
    pass: (ordered, live) => {
      const crowded = crowds(ordered, live)
      if (lines.size === 0 && crowded.size === 0) return ordered
      const passed: Ordered = { ...ordered, events: [], notes: [] }
      for (const name of crowded) if (!lines.has(name)) lines.set(name, { items: Fifo.make(), events: 0, due: 0 })
      const put = (item: Item) => {
        const name = streamOf(item)
        const line = lines.get(name)
        if (line === undefined) putInto(passed, item)
        else hold(line, item, !crowded.has(name))
      }
      for (const note of ordered.notes) if (goesBefore(note)) put(note)
      for (const event of ordered.events) put(event)
      for (const note of ordered.notes) if (!goesBefore(note)) put(note)
      return passed
    },
    next: () => {
      const out = nothing()
      const [first] = lines
      if (first === undefined) return out
      const [name, line] = first
      line.due += Math.max(SLICE, Math.ceil(waiting / PARTS))
      // To the end of the turns.
      lines.delete(name)
      lines.set(name, line)
      for (const [name, one] of lines) if (one.due > 0 || one.events === 0) take(name, one, one.due, out)
      return out
    },
    release: (streams) => {
      const all: Array<Ordered> = []
      for (const [name, line] of lines) {
        if (streams?.has(name) === false) continue
        while (lines.has(name)) {
          const out = nothing()
          take(name, line, Infinity, out)
          all.push(out)
        }
      }
      return all
    },
    waiting: (stream) => (stream === undefined ? waiting : (lines.get(stream)?.events ?? 0)),
    bytes: () => bytes,
    isEmpty: () => lines.size === 0
  }
}
