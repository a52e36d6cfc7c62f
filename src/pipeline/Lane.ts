/**
 * One partition's delivery as a state machine without time or I/O: what waits, what is in flight, what comes next. Its
 * promises, a property each in its test:
 *
 * 1. One batch in flight; the next one grows meanwhile.
 * 2. A batch holds at most `limits.records` and `limits.bytes`; an item larger by itself goes alone.
 * 3. A batch that was not stored, or perhaps was, is repeated with exactly the same items: only so can a broker drop the
 *    double (`KAFKA_ACKS=all`).
 * 4. A refused batch is halved, and its halves go before anything newer; a single refused item is given out, the rest goes on.
 * 5. Items leave in the order they came, each once.
 *
 * Mutable inside: it may hold hundreds of thousands of items, and every operation costs no more than the batch it concerns.
 */
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { KafkaErrorKind } from "../services/KafkaDriver.ts"

export interface Limits {
  readonly records: number
  readonly bytes: number
}

/** What to do now; ask again after a wait, an answer or an offer. */
export type Next<A> =
  | { readonly _tag: "Idle" }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Send"; readonly batch: ReadonlyArray<A> }

export interface Lane<A> {
  readonly offer: (item: A) => void
  /** `Send` puts its batch in flight; while one is there, and while nothing waits, the lane is `Idle`. */
  readonly next: () => Next<A>
  /** The batch in flight is stored; gives its items. */
  readonly acknowledged: () => ReadonlyArray<A>
  /** The batch in flight failed; gives the item that is refused for good, if it comes to that. `jitter`: within [0, 1). */
  readonly failed: (kind: typeof KafkaErrorKind.Type, jitter: number) => A | undefined
  /** Failures in a row. */
  readonly attempts: () => number
  /** Everything not stored, in order; the lane is empty then. */
  readonly release: () => ReadonlyArray<A>
  /** Takes out what was never sent; what was, and is not stored, stays and goes before whatever is offered then. */
  readonly recall: () => { readonly tried: ReadonlyArray<A>; readonly untried: ReadonlyArray<A> }
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000

/** The wait before try `attempt + 1`: exponential with full jitter, so that lanes do not strike in step. */
export const backoff = (attempt: number, jitter: number): number =>
  jitter * Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1))

const idle = { _tag: "Idle" } as const

/** A queue that gives out slices. What is taken is let go of at once, its places now and then: a taking costs O(1) each. */
const makeFifo = <A>() => {
  let items: Array<A | undefined> = []
  let head = 0
  return {
    push: (item: A): void => {
      items.push(item)
    },
    /** How many from the head on `fits` admits, called with each and its index, until it says no. */
    take: (fits: (item: A, index: number) => boolean): Array<A> => {
      const taken: Array<A> = []
      for (let item = items[head]; item !== undefined && fits(item, taken.length); item = items[head]) {
        taken.push(item)
        items[head++] = undefined
      }
      if (head > items.length / 2) {
        items = items.slice(head)
        head = 0
      }
      return taken
    }
  }
}

/** `limits` are read for every new batch: they may change meanwhile. */
export const make = <A extends { readonly bytes: number }>(limits: Limits): Lane<A> => {
  const waiting = makeFifo<A>()
  /** Batches tried before, the next one last. */
  const repeats: Array<ReadonlyArray<A>> = []
  let inFlight: ReadonlyArray<A> | undefined
  let attempts = 0
  let delay = 0

  const grow = (): ReadonlyArray<A> => {
    let bytes = 0
    return waiting.take((item, index) => {
      bytes += item.bytes
      return index === 0 || (index < limits.records && bytes <= limits.bytes)
    })
  }

  const land = (): ReadonlyArray<A> => {
    const batch = inFlight ?? []
    inFlight = undefined
    return batch
  }

  return {
    offer: waiting.push,
    next: () => {
      if (inFlight !== undefined) return idle
      if (delay > 0) {
        const millis = delay
        delay = 0
        return { _tag: "Wait", millis }
      }
      const batch = repeats.pop() ?? grow()
      if (batch.length === 0) return idle
      inFlight = batch
      return { _tag: "Send", batch }
    },
    acknowledged: () => {
      attempts = 0
      return land()
    },
    failed: (kind, jitter) => {
      const batch = land()
      if (kind !== "Refused") {
        repeats.push(batch)
        attempts++
        // A moved leader is known as soon as the metadata is read again: the first time there is nothing to wait for.
        delay = kind === "Moved" && attempts === 1 ? 0 : backoff(attempts, jitter)
        return undefined
      }
      attempts = 0
      if (batch.length <= 1) return batch[0]
      const half = Math.ceil(batch.length / 2)
      repeats.push(batch.slice(half), batch.slice(0, half))
      return undefined
    },
    attempts: () => attempts,
    release: () => {
      attempts = 0
      delay = 0
      const first = land()
      return [first, ...repeats.splice(0).toReversed(), waiting.take(() => true)].flat()
    },
    recall: () => ({
      tried: [inFlight ?? [], ...repeats.toReversed()].flat(),
      untried: waiting.take(() => true)
    })
  }
}

/** Kafka's record format at its worst: lengths, attributes, timestamp and offset deltas, number of headers. */
const RECORD_OVERHEAD = 36
/** Two lengths. */
const HEADER_OVERHEAD = 10

/** What a record takes in a batch before compression, from above for all but exotic text. */
export const estimatedBytes = ({ headers, key, value }: SinkRecord): number => {
  let bytes = RECORD_OVERHEAD + value.byteLength + Buffer.byteLength(key)
  for (const name in headers) bytes += HEADER_OVERHEAD + name.length + Buffer.byteLength(headers[name] ?? "")
  return bytes
}
