/** Reads the end of a partition, to see what is there. */
import { Effect, Schedule } from "effect"
import { type KafkaDriver, KafkaError, type StoredRecord } from "../../services/KafkaDriver.ts"

/** Of records: one batch is in doubt, and no more than these will have come behind it. */
const LAST = 100_000

/** How long after the connection is cut a broker may still store what was written to it. */
const LATE = "1 second"

/** Replicas follow within milliseconds; one that hangs is dropped by the leader after half a minute. */
const following = Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 50 }))

/** What is asked of a stored record. */
export type Seen = Pick<StoredRecord, "key" | "headers" | "offset">

export interface Tail {
  readonly seen: ReadonlyArray<Seen>
  /** Where it ends. */
  readonly next: number
}

export const idOf = ({ headers }: Pick<Seen, "headers">): string => headers["event-id"] ?? ""

export const make = ({ ends, fetch }: KafkaDriver["Service"], topic: string, partition: number) => {
  /** Once consumers see all that the leader has written by now. */
  const settled = Effect.gen(function* () {
    const now = yield* ends(topic, partition)
    const { written } = now
    if (now.next >= written) return now
    const later = yield* Effect.repeat(ends(topic, partition), {
      until: (now) => now.next >= written,
      schedule: following
    })
    if (later.next >= written) return later
    return yield* new KafkaError({ kind: "Busy", message: `the replicas of ${topic}/${partition} do not follow` })
  })

  const end = Effect.map(settled, ({ next }) => next)

  /** Every record from `from` up to `to`. */
  const each = Effect.fnUntraced(function* (from: number, to: number, use: (record: StoredRecord) => void) {
    for (let at = from; at < to;) {
      const { next, records } = yield* fetch(topic, partition, at)
      for (const record of records) if (record.offset < to) use(record)
      if (next <= at) return yield* new KafkaError({ kind: "Busy", message: `${topic}/${partition} ends before ${to}` })
      at = next
    }
  })

  const window = Effect.fnUntraced(function* (from: number, to: number) {
    const seen: Array<Seen> = []
    yield* each(from, to, ({ headers, key, offset }) => seen.push({ headers, key, offset }))
    return seen
  })

  /** From `from` to the end, without `from` nothing but where it ends; a second time if one of `doubted` is not there. */
  const read = Effect.fnUntraced(function* (
    from: number | undefined,
    doubted: ReadonlyArray<string>
  ): Effect.fn.Return<Tail, KafkaError> {
    const { earliest, next: first } = yield* settled
    if (from === undefined) return { seen: [], next: first }
    // It may have gone back, or be another one: what is in doubt is among its last then.
    const isShorter = first < from && doubted.length > 0
    const seen = yield* window(isShorter ? Math.max(earliest, first - LAST) : from, first)
    const ids = new Set(seen.map(idOf))
    if (doubted.every((id) => ids.has(id))) return { seen, next: first }
    yield* Effect.sleep(LATE)
    const next = yield* end
    return { seen: [...seen, ...(yield* window(first, next))], next }
  })

  return { end, each, window, read }
}
