/**
 * All sequences together: what arrives goes through that of its stream; what has none passes. Synchronous: it runs over
 * chunks on the hot path. All times are given in: `now` is monotonic, in ms, for a clock on the wall may leap.
 */
import type { StreamName } from "../schema/StreamName.ts"
import { MOST_EVENTS } from "../services/MarketHistory.ts"
import type { Statement } from "./ContinuityRecord.ts"
import type { MarketEvent } from "./Decoder.ts"
import type { Entry, Range } from "./sequence/HistoryWalk.ts"
import * as Sequence from "./sequence/Sequence.ts"
import type { Gap, Options, Ordered, Request, Sequencer } from "./sequencer/contract.ts"

export * from "./sequencer/contract.ts"

/** A stream that is silent for so long is compared with the history; then ever more rarely. */
const UNHEARD_MS = 30_000
const UNHEARD_AT_START_MS = 5000
/** The longest silence until it is compared again: a minute, or as long as two streams a second take for all of them. */
const mostUnheard = (streams: number): number => Math.max(60_000, streams * 500)

interface Keyed {
  readonly stream: StreamName
  readonly sequence: Sequence.Sequence<MarketEvent>
  readonly serves: boolean
  /** When it is to be compared with the history, and how long it may be silent until then. */
  compareAt: number
  patience: number
  comparing: boolean
  behind: boolean
  joinedAt: number
}

const nothing = (): Ordered => ({ events: [], notes: [], rejected: [], duplicates: 0 })

const entryOf = (event: MarketEvent, span: Range): Entry<MarketEvent> => ({
  first: span.first,
  last: span.last,
  at: event.facts.eventTime ?? event.receivedAt,
  bytes: event.json.length,
  value: event
})

/**
 * One event beyond what is wanted proves that the history has got there. A page costs the same, however long it is. No candle
 * is shorter than a second.
 */
const limitOf = ({ kind }: StreamName, { first, until }: Sequence.Wish): number =>
  Math.min(MOST_EVENTS, (kind.sequence === "times" ? Math.ceil((until - first + 1) / 1000) : until - first + 1) + 1)

export const make = (options: Options, startedAt: number): Sequencer => {
  let ordered = nothing()
  const unsettled = new Set<Keyed>()

  const collected = (): Ordered => {
    const taken = ordered
    ordered = nothing()
    return taken
  }

  const noteOf = (stream: StreamName, { first, last, late, reason, type }: Sequence.Note): Statement => ({
    type,
    stream: stream.name,
    symbol: stream.symbol ?? null,
    from: first,
    to: last,
    reason,
    late
  })

  const keyedOf = (stream: StreamName, now: number): Keyed => {
    const serves = options.serves(stream)
    const rule: Sequence.Rule = {
      refills: serves,
      counts: stream.kind.sequence === "ids",
      inPlaceMs: stream.kind.sequence === "times" ? Infinity : options.resumeMaxGap
    }
    const limits = { ...Sequence.defaultLimits, waitMs: options.gapWait }
    const sequence = Sequence.make<MarketEvent>(rule, limits, {
      publish: ({ value }, late) => void ordered.events.push(late ? { ...value, late } : value),
      note: (note) => void ordered.notes.push(noteOf(stream, note)),
      duplicate: () => {
        ordered.duplicates++
        options.dropped?.(stream)
      },
      reject: ({ value }) => void ordered.rejected.push(value)
    })
    return {
      stream,
      sequence,
      serves,
      compareAt: now + UNHEARD_MS,
      patience: UNHEARD_MS,
      comparing: false,
      behind: false,
      joinedAt: now
    }
  }

  const isSequenced = ({ kind, symbol }: StreamName): boolean => kind.sequence !== undefined && symbol !== undefined
  const keys = new Map(options.streams.filter(isSequenced).map((stream) => [stream, keyedOf(stream, startedAt)]))
  /** Those that have left, as they stood. */
  const left = new Map<StreamName, Keyed>()
  const keyedEver = (stream: StreamName): Keyed | undefined => keys.get(stream) ?? left.get(stream)

  const review = (keyed: Keyed) => {
    if (!keyed.sequence.settled()) unsettled.add(keyed)
    else unsettled.delete(keyed)
  }

  const heard = (keyed: Keyed, now: number) => {
    keyed.compareAt = now + UNHEARD_MS
    keyed.patience = UNHEARD_MS
    if (keyed.behind && keyed.sequence.status().hole === undefined) keyed.behind = false
  }

  const live = (keyed: Keyed, event: MarketEvent, now: number) => {
    const { proves, span } = event.facts
    if (span !== undefined) keyed.sequence.live(entryOf(event, span), now)
    else if (proves !== undefined) keyed.sequence.exists(proves, now)
    if (span === undefined) ordered.events.push(event)
    heard(keyed, now)
    if (!keyed.sequence.settled() || unsettled.has(keyed)) review(keyed)
  }

  /** True if the history is ahead of what came. */
  const compare = ({ sequence }: Keyed, id: number, now: number): boolean => {
    const { hole, last } = sequence.status()
    sequence.newest(id, now)
    sequence.exists(id, now)
    // What is being fetched anyway says nothing of what is live.
    return hole === undefined && last !== undefined && id > last
  }

  /** Frees the most that one sequence holds, as long as all of them hold too much. */
  const bound = () => {
    const holders = Array.from(unsettled, (keyed) => ({ keyed, bytes: keyed.sequence.status().parkedBytes }))
    let bytes = holders.reduce((sum, holder) => sum + holder.bytes, 0)
    const most = options.parkedBytes()
    if (bytes <= most) return
    for (const { bytes: held, keyed } of holders
      .filter(({ bytes, keyed }) => keyed.serves && bytes > 0)
      .toSorted((a, b) => b.bytes - a.bytes)) {
      if (bytes <= most) return
      keyed.sequence.shed()
      bytes -= held
    }
  }

  return {
    join: (streams, now) => {
      for (const stream of streams.filter(isSequenced)) {
        const keyed = left.get(stream) ?? keyedOf(stream, now)
        left.delete(stream)
        keys.set(stream, keyed)
        keyed.patience = UNHEARD_MS
        keyed.compareAt = now + UNHEARD_AT_START_MS
        keyed.joinedAt = now
        // While it was away nobody asked the history for what it misses.
        keyed.sequence.tick(now, false)
        review(keyed)
      }
    },
    leave: (streams, keep) => {
      for (const stream of streams) {
        const keyed = keys.get(stream)
        if (keyed === undefined) continue
        if (keep && keyed.serves) keyed.sequence.shed()
        else keyed.sequence.close()
        keys.delete(stream)
        unsettled.delete(keyed)
        keyed.behind = false
        left.set(stream, keyed)
      }
      return collected()
    },
    remembers: (stream) => keyedEver(stream)?.sequence.status().last !== undefined,
    last: (stream) => keyedEver(stream)?.sequence.status().last,
    resume: (positions) => {
      // Of those that have left too: should they come back, nobody asks where they stand.
      for (const keyed of [...keys.values(), ...left.values()]) {
        const position = positions.get(keyed.stream.name)
        if (position === undefined) continue
        const isFresh = keyed.sequence.status().last === undefined
        keyed.sequence.resume(position)
        if (left.has(keyed.stream)) continue
        keyed.behind = isFresh && keyed.serves
        if (isFresh) keyed.compareAt = keyed.joinedAt + UNHEARD_AT_START_MS
        review(keyed)
      }
      return collected()
    },
    take: (events, now) => {
      for (const event of events) {
        const keyed = keys.get(event.stream)
        if (keyed === undefined) ordered.events.push(event)
        else live(keyed, event, now)
      }
      return collected()
    },
    tick: (now, isFetching) => {
      for (const keyed of unsettled) {
        keyed.sequence.tick(now, isFetching(keyed.stream))
        review(keyed)
      }
      if (unsettled.size > 0) bound()
      return collected()
    },
    requests: (now) =>
      Array.from(unsettled, ({ sequence, stream }): Request | undefined => {
        const wish = sequence.wish(now)
        if (wish === undefined) return undefined
        const { since = now } = wish.late ? {} : sequence.status()
        return { ...wish, stream, limit: limitOf(stream, wish), missingFor: now - since }
      })
        .filter((request) => request !== undefined)
        .toSorted((a, b) => Number(a.late) - Number(b.late) || a.last - a.first - (b.last - b.first)),
    asked: (request) => keys.get(request.stream)?.sequence.asked(request),
    answered: (request, page, receivedAt, now) => {
      const keyed = keys.get(request.stream)
      if (keyed === undefined) {
        // It comes too late; should the stream come back, it is asked for anew.
        left.get(request.stream)?.sequence.answered(request, undefined, now)
        return collected()
      }
      const entries = (page?.events ?? []).flatMap(({ facts, json }): ReadonlyArray<Entry<MarketEvent>> => {
        const { stream } = keyed
        const symbol = stream.symbol ?? ""
        return facts.span === undefined
          ? []
          : [entryOf({ stream, symbol, facts, json, receivedAt, backfilled: true }, facts.span)]
      })
      keyed.sequence.answered(request, page && { entries, voids: page.voids, goneBelow: page.goneBelow }, now)
      review(keyed)
      if (keyed.sequence.status().hole === undefined) keyed.behind = false
      return collected()
    },
    unheard: (now, most) => {
      const due = Array.from(keys.values())
        .filter(
          ({ comparing, compareAt, sequence, serves }) =>
            serves && !comparing && (now >= compareAt || sequence.wantsNewest(now))
        )
        .toSorted((a, b) => Number(b.sequence.wantsNewest(now)) - Number(a.sequence.wantsNewest(now)))
        .slice(0, most)
      for (const keyed of due) keyed.comparing = true
      return due.map(({ stream }) => stream)
    },
    newest: (stream, answer, now) => {
      const keyed = keyedEver(stream)
      if (keyed !== undefined) keyed.comparing = false
      if (keyed === undefined || left.has(stream)) return { ordered: collected(), mute: false }
      const id = answer?.id
      const silent = now >= keyed.compareAt
      const mute = id !== undefined && compare(keyed, id, now) && silent
      keyed.patience = mute ? UNHEARD_MS : Math.min(keyed.patience * 2, mostUnheard(keys.size))
      if (silent) keyed.compareAt = now + (id === undefined ? UNHEARD_MS : keyed.patience)
      if (answer !== undefined && !mute && keyed.sequence.status().hole === undefined) keyed.behind = false
      review(keyed)
      return { ordered: collected(), mute }
    },
    missed: (stream, { at, from, late, to }, now) => {
      const keyed = keyedEver(stream)
      if (keyed === undefined) return collected()
      const range = { first: from, last: to }
      if (late) keyed.sequence.lost(range)
      else keyed.sequence.recall(range, at, now)
      if (keys.has(stream)) review(keyed)
      return collected()
    },
    close: (keep) => {
      for (const keyed of unsettled) if (!(keep && keyed.serves)) keyed.sequence.close()
      return collected()
    },
    isSettled: () => unsettled.size === 0,
    behind: () => Array.from(keys.values()).flatMap(({ behind, stream }) => (behind ? [stream] : [])),
    holes: () =>
      Array.from(unsettled).flatMap(({ sequence, stream }): ReadonlyArray<Gap> => {
        const { fetching, hole } = sequence.status()
        return hole === undefined || !fetching ? [] : [{ stream, ...hole }]
      }),
    gaps: () =>
      Array.from(unsettled).flatMap(({ sequence, stream }) => sequence.status().gaps.map((gap) => ({ stream, ...gap })))
  }
}
