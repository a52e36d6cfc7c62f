/**
 * Which streams have gone mute, though their connection lives. Silence alone counts only against kinds with a cadence, each
 * stream judged by its own; against the others only proof does: another stream that knows of a newer trade. A quiet symbol is
 * no mute stream.
 *
 * A mute stream is asked for anew, twice, then called stale; a stale one is asked for again now and then. Where a whole connection
 * is away its streams are found mute too, for so they are; the feed, which knows, need not heed it. Time is given in, Unix ms as
 * frames were received.
 */
import type { StreamName } from "../schema/StreamName.ts"

export interface WatchdogOptions {
  readonly streams: ReadonlyArray<StreamName>
  /** How long any stream may be silent, ms; undefined: each by its own cadence, those without one as long as they like. */
  readonly staleAfter: number | undefined
  readonly startedAt: number
}

export interface Findings {
  /** Ask for them anew. */
  readonly renew: ReadonlyArray<StreamName>
  /** Asked for anew in vain. */
  readonly stale: ReadonlyArray<StreamName>
  /** Found mute before, and flowing again. */
  readonly recovered: ReadonlyArray<StreamName>
}

export interface Watchdog {
  /** Watches these too, from now on. */
  readonly join: (streams: ReadonlyArray<StreamName>, now: number) => void
  readonly leave: (streams: ReadonlyArray<StreamName>) => void
  /** Something of the stream was received; once a chunk is enough. */
  readonly seen: (stream: string, receivedAt: number) => void
  /** What another stream knows of this one: its newest id, beside the newest that this one has shown. */
  readonly proof: (stream: string, newestThere: number, newestSeen: number, now: number) => void
  /** Trading statuses by symbol, as last known: in some of them silence is right. */
  readonly statuses: (bySymbol: ReadonlyMap<string, string>) => void
  /** What has changed since it was last asked. While what arrives is not looked at, nobody is judged. */
  readonly check: (now: number, isReading: boolean) => Findings
}

/** So much longer than the longest usual interval is mute. */
const TOLERANCE = 10
/** Nobody is mute sooner. */
export const LEAST_MUTE_MILLIS = 30_000
/** Before its cadence is known: from the start to the first data, and until there are some intervals to judge by. */
export const FIRST_DATA_MILLIS = 60_000
/** Intervals of a half of what is remembered. */
const REMEMBERED = 32
const ENOUGH = 8
/** An id that another stream knows is on its way for so long at most. */
export const PROOF_MILLIS = 5000
/** A stale stream is asked for again after so long. */
export const AGAIN_MILLIS = 600_000

/** Renewals before a stream is called stale. */
const RENEWALS = 2

interface Entry {
  readonly stream: StreamName
  lastSeen: number | undefined
  /** Its silence counts from here at the earliest: the start, or the end of a time in which silence was right. */
  since: number
  /** The longest interval of the current half of what is remembered, its count, and the longest of the half before. */
  longest: number
  count: number
  longestBefore: number
  learned: number
  /** An id known elsewhere that it has not shown, and since when. */
  missing: { readonly id: number; readonly since: number } | undefined
  /** Newer than what has been held against it already. */
  heldAgainst: number
  /** How often it was found mute in a row, and when last; in trouble until it flows. */
  level: number
  levelAt: number
  isTroubled: boolean
}

export const make = ({ staleAfter, startedAt, streams }: WatchdogOptions): Watchdog => {
  const entries = new Map<string, Entry>()
  const join: Watchdog["join"] = (joined, now) => {
    for (const stream of joined) {
      entries.set(stream.name, {
        stream,
        lastSeen: undefined,
        since: now,
        longest: 0,
        count: 0,
        longestBefore: 0,
        learned: 0,
        missing: undefined,
        heldAgainst: Number.NEGATIVE_INFINITY,
        level: 0,
        levelAt: Number.NEGATIVE_INFINITY,
        isTroubled: false
      })
    }
  }
  join(streams, startedAt)
  let statuses: ReadonlyMap<string, string> = new Map()
  let lastAny = startedAt
  /** When the first frame came after a time in which there was none at all: what went before was not one stream's fault. */
  let returnedAt = Number.NEGATIVE_INFINITY

  const learn = (entry: Entry, interval: number): void => {
    entry.learned++
    entry.longest = Math.max(entry.longest, interval)
    if (++entry.count < REMEMBERED) return
    entry.longestBefore = entry.longest
    entry.longest = 0
    entry.count = 0
  }

  /** How long it may be silent. */
  const patience = (entry: Entry): number => {
    if (staleAfter !== undefined) return staleAfter
    if (!entry.stream.kind.hasCadence) return Number.POSITIVE_INFINITY
    const learned = Math.max(TOLERANCE * Math.max(entry.longest, entry.longestBefore), LEAST_MUTE_MILLIS)
    return entry.learned < ENOUGH ? Math.max(learned, FIRST_DATA_MILLIS) : learned
  }

  const silentSince = ({ lastSeen, since }: Entry): number => Math.max(lastSeen ?? since, since, returnedAt)

  const isQuiet = ({ stream: { kind, symbol } }: Entry): boolean =>
    symbol !== undefined && kind.silentIn.includes(statuses.get(symbol) ?? "")

  const isProven = (entry: Entry, now: number): boolean =>
    entry.missing !== undefined && now - Math.max(entry.missing.since, silentSince(entry)) > PROOF_MILLIS

  /** How long after one finding the next one may follow. */
  const pause = (entry: Entry): number => {
    if (entry.level > RENEWALS) return AGAIN_MILLIS
    const own = patience(entry)
    return own === Number.POSITIVE_INFINITY ? LEAST_MUTE_MILLIS : own
  }

  const isMute = (entry: Entry, now: number): boolean =>
    (now - silentSince(entry) >= patience(entry) || isProven(entry, now)) &&
    (entry.level === 0 || now - entry.levelAt >= pause(entry))

  return {
    join,
    leave: (left) => {
      for (const { name } of left) entries.delete(name)
    },
    seen: (name, receivedAt) => {
      if (receivedAt - lastAny >= LEAST_MUTE_MILLIS) returnedAt = receivedAt
      lastAny = Math.max(lastAny, receivedAt)
      const entry = entries.get(name)
      if (entry === undefined) return
      // What came after a time in which silence was right is no usual interval.
      if (entry.lastSeen !== undefined && entry.lastSeen >= entry.since) {
        learn(entry, Math.max(0, receivedAt - entry.lastSeen))
      }
      entry.lastSeen = Math.max(entry.lastSeen ?? receivedAt, receivedAt)
    },

    proof: (name, newestThere, newestSeen, now) => {
      const entry = entries.get(name)
      if (entry === undefined) return
      if (entry.missing !== undefined && newestSeen >= entry.missing.id) entry.missing = undefined
      if (entry.missing === undefined && newestThere > Math.max(newestSeen, entry.heldAgainst)) {
        entry.missing = { id: newestThere, since: now }
      }
    },

    statuses: (bySymbol) => {
      statuses = bySymbol
    },

    check: (now, isReading) => {
      const renew: Array<StreamName> = []
      const stale: Array<StreamName> = []
      const recovered: Array<StreamName> = []
      for (const entry of entries.values()) {
        const isExcused = isQuiet(entry)
        const flows = (entry.lastSeen ?? Number.NEGATIVE_INFINITY) > entry.levelAt
        if (entry.isTroubled && (flows || isExcused)) {
          entry.isTroubled = false
          recovered.push(entry.stream)
        }
        if (flows || isExcused || returnedAt > entry.levelAt) entry.level = 0
        if (isExcused || !isReading) {
          entry.since = now
          entry.missing = undefined
        } else if (isMute(entry, now)) {
          if (entry.missing !== undefined) entry.heldAgainst = entry.missing.id
          entry.missing = undefined
          entry.isTroubled = true
          entry.level++
          entry.levelAt = now
          if (entry.level === RENEWALS + 1) stale.push(entry.stream)
          else renew.push(entry.stream)
        }
      }
      return { renew, stale, recovered }
    }
  }
}
