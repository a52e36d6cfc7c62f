/** Where those streams stand whose records one partition holds. */
import { Clock, Duration, Effect } from "effect"
import * as Sequenced from "../../pipeline/Sequenced.ts"
import * as Standing from "../../pipeline/Standing.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { KafkaDriver, KafkaError, StoredRecord } from "../../services/KafkaDriver.ts"
import type { Stands } from "../../services/Positions.ts"
import type { StoredPosition } from "./StoredPosition.ts"
import * as Tail from "./Tail.ts"

/** The first window backwards; each further one is so many times larger. */
const FIRST_WINDOW = 1000
const GROWTH = 8
/** A stream without a position beside streams that have one is new: it is not looked for farther back. */
const NEW_WITHIN = 50_000
/** A position so much older than the newest one is of a stream that was left out since: others it is not read forward for. */
const LEFT_OUT = 100_000
/** Where the newest record is younger, a send of the process before may still be stored. */
const FRESH_MS = 15_000
const LATE = Duration.seconds(1)

export interface Share {
  readonly topic: string
  readonly partition: number
  readonly streams: ReadonlyArray<StreamName>
}

export interface Context {
  readonly driver: KafkaDriver["Service"]
  /** This process's: what it has stored itself is passed over. */
  readonly instance: string
  /** Nothing of an earlier process can be stored any more. */
  readonly isSealed: boolean
  /** Until when it may be looked back, Unix ms. */
  readonly deadline: number
}

export interface Found {
  readonly stream: string
  /** Undefined: there is nothing of it. */
  readonly position: StoredPosition | undefined
  readonly stands: Stands
}

/** How a stream is looked for. */
interface Search {
  readonly standing: Standing.Standing
  position: StoredPosition | undefined
  /** Below this offset there is nothing new of it. */
  readonly seen: number
  /** Backwards: down to this offset, or to this time (Unix ms), or until something of it is found. */
  readonly until: { readonly offset: number } | { readonly at: number } | "found" | undefined
}

/** Of each stream, but for those that were looked for in vain until the deadline. */
export const read = Effect.fnUntraced(function* (
  { deadline, driver, instance, isSealed }: Context,
  share: Share,
  written: ReadonlyMap<string, StoredPosition>
): Effect.fn.Return<ReadonlyArray<Found>, KafkaError> {
  const { partition, streams, topic } = share
  const readRecord = Sequenced.make(streams)
  const searches = new Map<string, Search>()
  let newest = Number.NEGATIVE_INFINITY
  /** The first record that this process has stored itself, acknowledged or not. */
  let ownFrom = Infinity

  const take = (
    record: StoredRecord,
    turn: "next" | "earlier",
    at: Pick<Share, "partition">,
    from?: Map<string, number>
  ) => {
    if (record.headers["instance"] === instance) {
      if (at.partition === partition) ownFrom = Math.min(ownFrom, record.offset)
      return
    }
    newest = Math.max(newest, record.timestamp)
    const facts = readRecord(record)
    const search = facts && searches.get(facts.stream)
    if (facts === undefined || search === undefined) return
    if (record.offset < (from === undefined ? search.seen : (from.get(facts.stream) ?? Infinity))) return
    search.standing.add(facts, turn)
    const { last, late } = facts
    if (late || last < (search.position?.last ?? last)) return
    const eventId = record.headers["event-id"] ?? ""
    const { offset } = record
    search.position = { v: 1, topic, partition: at.partition, offset, seen: 0, eventId, last, at: facts.at, late: [] }
  }

  /** The record that it speaks of is where it says, or so old that it is no longer kept. */
  const isTrue = ({ eventId, offset, partition, topic }: StoredPosition): Effect.Effect<boolean, KafkaError> =>
    Effect.gen(function* () {
      const { earliest } = yield* driver.ends(topic, partition)
      if (offset < earliest) return true
      const [record] = (yield* driver.fetch(topic, partition, offset, "least")).records
      return record?.offset === offset && record.headers["event-id"] === eventId
    }).pipe(
      // The topic has fewer partitions than it had.
      Effect.catchIf(
        ({ kind }) => kind === "MissingTopic",
        () => Effect.succeed(false)
      )
    )

  const { earliest } = yield* driver.ends(topic, partition)
  const tail = Tail.make(driver, topic, partition)
  const end = yield* tail.end

  const believed = new Map<string, StoredPosition>()
  for (const { name } of streams) {
    const position = written.get(name)
    if (position?.topic === topic && (yield* isTrue(position))) believed.set(name, position)
  }
  const here = Array.from(believed.values()).filter((position) => position.partition === partition)
  const latest = Math.max(...here.map(({ seen }) => seen))
  const recent = here.map(({ seen }) => seen).filter((seen) => seen >= latest - LEFT_OUT)
  const from = here.length === 0 ? end : Math.max(earliest, Math.min(end, ...recent))
  // Also of streams that are not looked for now: one may come alone.
  const areOthersKnown = Array.from(written.values()).some((position) => position.topic === topic)

  for (const { name } of streams) {
    const position = believed.get(name)
    const standing = Standing.make(position?.late)
    if (position !== undefined) {
      standing.add({ first: position.last, last: position.last, at: position.at, late: false })
    }
    const isHere = position?.partition === partition
    searches.set(name, {
      standing,
      position,
      seen: isHere ? Math.min(position.seen, end) : 0,
      until: isHere
        ? undefined
        : position !== undefined
          ? { at: position.at }
          : areOthersKnown && !written.has(name)
            ? { offset: from - NEW_WITHIN }
            : "found"
    })
  }

  // Before a topic got more partitions they stood in other ones.
  const moved = Map.groupBy(
    Array.from(believed).filter(([, position]) => position.partition !== partition),
    ([, position]) => position.partition
  )
  for (const [before, positions] of moved) {
    const old = Tail.make(driver, topic, before)
    const oldEnd = yield* old.end
    const seen = new Map(positions.map(([name, position]) => [name, position.seen]))
    const start = Math.min(oldEnd, ...seen.values())
    yield* old.each(start, oldEnd, (record) => take(record, "next", { partition: before }, seen))
  }

  yield* tail.each(from, end, (record) => take(record, "next", share))

  let reached = from
  let reachedTime = Infinity
  const isOpen = ({ position, until }: Search): boolean => {
    if (until === undefined) return false
    if (until === "found") return position === undefined
    return "at" in until ? reachedTime > until.at : position === undefined && reached > until.offset
  }
  const open = () => Array.from(searches.values()).some(isOpen) && reached > earliest
  for (let window = FIRST_WINDOW; open() && (yield* Clock.currentTimeMillis) < deadline; window *= GROWTH) {
    const start = Math.max(earliest, reached - window)
    reachedTime = Number.NEGATIVE_INFINITY
    yield* tail.each(start, reached, (record) => {
      reachedTime = Math.max(reachedTime, record.timestamp)
      take(record, "earlier", share)
    })
    reached = start
  }

  let last = end
  const now = yield* Clock.currentTimeMillis
  const lastOnes = end > earliest ? (yield* driver.fetch(topic, partition, end - 1, "least")).records : []
  for (const { timestamp } of lastOnes) newest = Math.max(newest, timestamp)
  if (!isSealed && newest > now - FRESH_MS) {
    yield* Effect.sleep(LATE)
    last = yield* tail.end
    yield* tail.each(end, last, (record) => take(record, "next", share))
  }

  return Array.from(searches).flatMap(([stream, search]): ReadonlyArray<Found> => {
    const { position, standing } = search
    if (position === undefined && reached > earliest && isOpen(search)) return []
    // What this process has on its way may be there without its knowing.
    const seen = position?.partition === partition ? Math.min(last, ownFrom) : (position?.seen ?? 0)
    return [{ stream, position: position && { ...position, seen }, stands: standing.read() }]
  })
})
