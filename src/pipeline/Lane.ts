/**
 * One partition's delivery as a state machine without time or I/O: what waits, what is in flight, what comes next. Its
 * promises, a property each in its test:
 *
 * 1. One batch in flight; the next one grows meanwhile.
 * 2. A batch holds at most `limits.records` and `limits.bytes`; an item larger by itself goes alone.
 * 3. A batch that was not stored, or perhaps was, is repeated with exactly the same items until the partition has been read:
 *    only so can a broker drop the double (`KAFKA_ACKS=all`).
 * 4. A refused batch is halved, and its halves go before anything newer; a single refused item is given out, the rest goes on.
 * 5. Items leave in the order they came, each once.
 * 6. With `KAFKA_ACKS=1` nothing is sent after a failure until the partition has been read: what is there is not sent again,
 *    and what was acknowledged and is gone goes first. An acknowledged batch is kept for that until the high watermark has
 *    passed it; where that takes too long nothing new is sent. With `all` the broker does as much by its producers' numbers;
 *    the partition is read only where it has lost those (`Disputed`). With `0` nobody knows anything.
 *
 * Mutable inside: it may hold hundreds of thousands of items, and every operation costs no more than the batch it concerns,
 * but for what follows a reading.
 */
import { backoff } from "./backoff.ts"
import type { Limits, Options, Lane } from "./lane/contract.ts"
import * as Fifo from "./lane/Fifo.ts"

export * from "./lane/contract.ts"

const idle = { _tag: "Idle" } as const

/** Takes one of a kind at a time: an id may be there more than once. What has none is never found. */
const makeFound = (ids: ReadonlyArray<string>) => {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return (id: string): boolean => {
    const count = id === "" ? 0 : (counts.get(id) ?? 0)
    if (count > 0) counts.set(id, count - 1)
    return count > 0
  }
}

/**
 * Of the ids that a lane keeps beyond `keeping`: half a minute at 10,000 records a second, after which a leader is without the
 * replicas that do not follow. Where even that does not help, what is sent now would be neither safe nor seen.
 */
const MOST_IDS = 300_000
/** Until it is seen whether the replicas have followed. */
const FOLLOW_MS = 1000

interface Kept<A> {
  readonly offset: number
  /** Items, or where there was no room their ids. */
  readonly items: ReadonlyArray<A | string>
  readonly bytes: number
}

/** `limits` are read for every new batch: they may change meanwhile. */
export const make = <A extends { readonly id: string; readonly bytes: number }>(
  limits: Limits,
  { acks, keeping }: Options
): Lane<A> => {
  const waiting = Fifo.make<A>()
  /** Batches tried before, the next one last. */
  const repeats: Array<ReadonlyArray<A>> = []
  let inFlight: ReadonlyArray<A> | undefined
  let attempts = 0
  let delay = 0
  /** All replicas have had what lies below it: the log cannot end there unless that is gone. */
  let safe = 0
  /** Acknowledged, by time. */
  const kept: Array<Kept<A>> = []
  /** Of them so many by their ids alone. */
  let keptIds = 0
  /** Acknowledged and gone: sent again, and not given out again. */
  const given = new Set<A>()
  const doubted = new Set<string>()
  let isSuspect = false
  /**
   * Below the offset is what we have stored and need not read again; undefined: anywhere. `exact`: the next record should be
   * stored there.
   */
  let place: { readonly offset: number | undefined; readonly exact: boolean } | undefined

  /** How many of the items that come now a batch takes. */
  const makeFits = () => {
    let bytes = 0
    return (item: A, index: number): boolean => {
      bytes += item.bytes
      return index === 0 || (index < limits.records && bytes <= limits.bytes)
    }
  }

  const batched = (items: ReadonlyArray<A>): Array<ReadonlyArray<A>> => {
    const rest = Fifo.make<A>()
    for (const item of items) rest.push(item)
    const batches: Array<ReadonlyArray<A>> = []
    for (let batch = rest.take(makeFits()); batch.length > 0; batch = rest.take(makeFits())) batches.push(batch)
    return batches
  }

  const land = (): ReadonlyArray<A> => {
    const batch = inFlight ?? []
    inFlight = undefined
    return batch
  }

  /** Those of them that were not given out before. */
  const give = (items: ReadonlyArray<A>): ReadonlyArray<A> =>
    given.size === 0 ? items : items.filter((item) => !given.delete(item))

  const keep = (batch: ReadonlyArray<A>, offset: number): void => {
    let bytes = 0
    for (const item of batch) bytes += item.bytes
    const fits = keeping.bytes + bytes <= keeping.limit
    if (fits) keeping.bytes += bytes
    else keptIds += batch.length
    kept.push({ offset, items: fits ? batch : batch.map(({ id }) => id), bytes: fits ? bytes : 0 })
  }

  const letGo = (count = kept.length): ReadonlyArray<Kept<A>> => {
    const gone = kept.splice(0, count)
    for (const { bytes, items } of gone) {
      keeping.bytes -= bytes
      if (typeof items[0] === "string") keptIds -= items.length
    }
    return gone
  }

  const trust = (): void => {
    isSuspect = false
    doubted.clear()
  }

  /** What was acknowledged may be gone: read before anything is sent. Where all replicas acknowledge, it is not. */
  const suspect = (): void => {
    if (acks === "1") isSuspect = true
  }

  const doubt = (batch: ReadonlyArray<A>): void => {
    for (const { id } of batch) doubted.add(id)
  }

  /** Where the reading begins: at the oldest item that may be gone, else behind the last one. */
  const from = (): number | undefined =>
    kept.length === 0 ? place?.offset : kept.reduce((least, { offset }) => Math.min(least, offset), Infinity)

  return {
    offer: waiting.push,
    next: () => {
      if (inFlight !== undefined) return idle
      if (delay > 0) {
        const millis = delay
        delay = 0
        return { _tag: "Wait", millis }
      }
      if (isSuspect) return { _tag: "Read", from: from(), doubted: [...doubted] }
      if (repeats.length === 0 && waiting.isEmpty()) return idle
      if (place === undefined && acks !== "0") return { _tag: "Read", from: undefined, doubted: [] }
      if (repeats.length === 0 && keptIds >= MOST_IDS) return { _tag: "Wait", millis: FOLLOW_MS, isFull: true }
      const batch = repeats.pop() ?? waiting.take(makeFits())
      inFlight = batch
      return { _tag: "Send", batch }
    },
    acknowledged: (offset) => {
      attempts = 0
      const batch = land()
      if (doubted.size > 0) for (const { id } of batch) doubted.delete(id)
      const stored = give(batch)
      const before = place
      if (offset < 0) {
        if (before !== undefined) place = { ...before, exact: false }
        return { stored, audit: { _tag: "Expected" } }
      }
      const end = offset + batch.length
      place = { offset: end, exact: true }
      safe = acks === "all" ? end : Math.min(safe, offset)
      if (acks === "1") keep(batch, offset)
      const expected = before?.exact === true && before.offset !== undefined ? before.offset : offset
      if (offset === expected) return { stored, audit: { _tag: "Expected" } }
      if (offset > expected) return { stored, audit: { _tag: "Jumped", from: expected, to: offset } }
      suspect()
      return { stored, audit: { _tag: "Regressed", expected } }
    },
    failed: (kind, jitter) => {
      const batch = land()
      if (kind !== "Refused") {
        repeats.push(batch)
        attempts++
        if (acks === "1" || (acks === "all" && kind === "Disputed")) isSuspect = true
        if (kind === "Doubt" || kind === "Disputed") doubt(batch)
        // A moved leader is known as soon as the metadata is read again: the first time there is nothing to wait for.
        delay = kind === "Moved" && attempts === 1 ? 0 : backoff(attempts, jitter)
        return undefined
      }
      attempts = 0
      const [first] = batch
      if (first !== undefined && batch.length === 1) {
        given.delete(first)
        return first
      }
      const half = Math.ceil(batch.length / 2)
      repeats.push(batch.slice(half), batch.slice(0, half))
      return undefined
    },
    read: (ids, next) => {
      const regressed = next < safe ? { expected: safe } : {}
      safe = next
      place = { offset: next, exact: true }
      if (!isSuspect) return { stored: [], again: 0, lost: [] }
      trust()
      const found = makeFound(ids)
      const again: Array<A> = []
      const lost: Array<string> = []
      for (const item of letGo().flatMap(({ items }) => items)) {
        if (typeof item === "string") {
          if (!found(item)) lost.push(item)
        } else if (!found(item.id)) again.push(item)
      }
      const stored: Array<A> = []
      const missing: Array<A> = []
      for (const item of repeats.splice(0).toReversed().flat()) (found(item.id) ? stored : missing).push(item)
      if (ids.length > 0) stored.push(...waiting.remove(({ id }) => found(id)))
      const givable = give(stored)
      for (const item of again) given.add(item)
      repeats.push(...batched([...again, ...missing]).toReversed())
      if (repeats.length === 0) attempts = 0
      return { stored: givable, again: again.length, lost, ...regressed }
    },
    unread: (jitter) => {
      attempts++
      delay = backoff(attempts, jitter)
    },
    blind: () => {
      trust()
      letGo()
      place ??= { offset: undefined, exact: false }
    },
    suspect,
    elsewhere: (ids) => {
      const found = makeFound(ids)
      return waiting.remove(({ id }) => found(id))
    },
    confirmed: (highWatermark) => {
      // Another leader's would say nothing of these.
      if (isSuspect) return
      if (highWatermark < safe) return suspect()
      safe = highWatermark
      const above = kept.findIndex(({ items, offset }) => offset + items.length > highWatermark)
      letGo(above < 0 ? kept.length : above)
    },
    keeps: () => kept.length > 0 || given.size > 0,
    isAtRest: () => inFlight === undefined && !isSuspect && repeats.length === 0 && waiting.isEmpty(),
    renewed: () => {
      letGo()
      safe = 0
      place = { offset: 0, exact: false }
    },
    attempts: () => attempts,
    release: () => {
      attempts = 0
      delay = 0
      const first = land()
      if (acks === "1" && first.length > 0) {
        isSuspect = true
        doubt(first)
      }
      return [first, ...repeats.splice(0).toReversed(), waiting.take(() => true)].flat()
    },
    recall: () => ({
      tried: [inFlight ?? [], ...repeats.toReversed()].flat(),
      untried: waiting.take(() => true)
    })
  }
}
