/**
 * The order of one stream of one symbol, as a state machine without time or I/O: told what arrives and what the history
 * answers, it says what may be published now. Its promises, held by properties against a model:
 *
 * 1. No id is published twice, but for what was not kept (`recall`).
 * 2. Ids ascend, except for those of an opened gap, which are marked late.
 * 3. Nothing is skipped without a note that says so.
 * 4. What the history has of a gap is published in the end.
 * 5. What comes live first is not lost, though the history told of newer ones before it came.
 *
 * The next id is published at once. One beyond it leaves a hole: what is newer waits (is parked), first `neighbourMs` for a
 * late neighbour or another connection, then for the history. A park that is full is emptied, and the key catches up: what is
 * live is not kept but fetched, until the history has reached it. A hole that gets nothing new for `waitMs` is opened: live
 * goes on beyond it, and its ids follow late. Without a history a hole is opened after `neighbourMs`. Mutable: on the hot path.
 */
import { COUNTS_ANEW, EARLY, FAR, LIVE_FIRST, OVERDUE, PAGE, RESET_IDS, TOO_OLD } from "./bounds.ts"
import * as Far from "./Far.ts"
import * as Gone from "./Gone.ts"
import * as Hole from "./Hole.ts"
import type { Entry, Range } from "./HistoryWalk.ts"
import * as LateFill from "./LateFill.ts"
import * as Park from "./Park.ts"
import * as Reset from "./Reset.ts"
import { resumed } from "./resumed.ts"
import {
  FOLLOWS,
  type Limits,
  NOT_KEPT,
  NOT_TOLD,
  type Out,
  type Rule,
  type Sequence,
  UNFETCHABLE
} from "./contract.ts"

export * from "./contract.ts"

export const make = <A>(rule: Rule, limits: Limits, out: Out<A>): Sequence<A> => {
  let last: number | undefined
  let lastAt = 0
  /** The last id that is not late and that is kept, as far as is known here. */
  let kept = -Infinity
  /** The first id that was published or known of. */
  let began = Infinity
  /** The beginning, while it is only known of: nothing live has come. */
  let promised: number | undefined
  /** The highest id that is known to exist though nothing of it waits here. */
  let known = -Infinity
  let catchingUp = false
  const parked = Park.make<A>()
  let hole: Hole.Hole | undefined
  const far = Far.make<A>()
  const gone = Gone.make()
  const reset = Reset.make()
  const late = LateFill.make<A>(out)

  const newestKnown = () => Math.max(known, parked.last()?.last ?? known)
  const next = () => (last ?? 0) + 1
  /** The last id of the first hole. */
  const end = () => (parked.first()?.first ?? known + 1) - 1

  const closed = ({ first, last }: Range, reason: string, late = false) =>
    out.note({ type: "gap-filled", first, last, reason, late })

  const publish = (entry: Entry<A>) => {
    out.publish(entry, false)
    last = entry.last
    kept = entry.last
    lastAt = entry.at
    reset.clear()
  }

  const noteFilled = (end?: number) => {
    for (const range of Hole.takeFilled(hole, end)) closed(range, "filled in place from the history")
  }

  const closeHole = () => {
    noteFilled()
    hole = undefined
    catchingUp = false
  }

  /** After any change: lets go of what follows, and sees whether anything is missing. */
  const settle = (now: number) => {
    parked.release(next, (entry) => {
      if (entry.last >= next()) publish(entry)
    })
    if (parked.size() === 0 && known < next()) return closeHole()
    hole ??= Hole.begin(now, now + limits.neighbourMs)
  }

  /** What is missing below what was published. */
  const lost = (range: Range, reason: string, refills = rule.refills) => {
    out.note({ type: "gap-opened", ...range, reason, late: false })
    if (refills) late.open(range)
    else gone.add(range)
  }

  /** Goes on beyond the first hole: something newer is there to go on with. */
  const open = (end: number, reason: string) => {
    lost({ first: next(), last: end }, reason)
    last = end
  }

  const openBefore = (entry: Entry<A>, now: number, reason: string) => {
    open(entry.first - 1, reason)
    Hole.progressed(hole, now)
    settle(now)
  }

  /** Publishes all that waits, the holes between opened. */
  const release = (now: number, reason: string) => {
    for (let first = parked.first(); first !== undefined; first = parked.first()) openBefore(first, now, reason)
  }

  const shed = () => {
    if (hole === undefined) return
    known = newestKnown()
    parked.clear()
    catchingUp = true
  }

  const isTooOld = (entry: Entry<A>): boolean => entry.at - lastAt > rule.inPlaceMs && entry.first - next() > PAGE

  /** What is far ahead is there: so is what lies before it. */
  const believe = (entries: ReadonlyArray<Entry<A>>, now: number) => {
    const [first] = entries
    if (first === undefined) return
    if (rule.refills && !isTooOld(first)) {
      known = Math.max(known, entries.at(-1)?.last ?? known)
      catchingUp = true
      return settle(now)
    }
    release(now, TOO_OLD)
    open(first.first - 1, TOO_OLD)
    for (const entry of entries) live(entry, now)
  }

  const ahead = (entry: Entry<A>, now: number) => {
    if (far.has(entry)) return out.duplicate(entry)
    const { entries = [], isRun = false } = far.add(entry) ?? {}
    if (isRun) believe(entries, now)
    else for (const one of entries) out.reject(one)
  }

  const beyond = (entry: Entry<A>, now: number) => {
    if (rule.counts && entry.first > Math.max(next(), newestKnown()) + FAR) return ahead(entry, now)
    if (rule.refills && hole === undefined && isTooOld(entry)) {
      open(entry.first - 1, TOO_OLD)
      return publish(entry)
    }
    if (hole?.overdue === true) {
      openBefore(entry, now, OVERDUE)
      publish(entry)
      return settle(now)
    }
    // The last page waits here: the history would never be level with a busy stream.
    if (catchingUp && (!rule.counts || entry.first - next() > PAGE)) {
      known = Math.max(known, entry.last)
      return
    }
    catchingUp = false
    if (!parked.add(entry)) out.duplicate(entry)
    settle(now)
    const first = parked.first()
    if (first === undefined || parked.size() < limits.parked) return
    if (rule.refills) shed()
    else openBefore(first, now, "too many newer ones wait")
  }

  const repeated = (entry: Entry<A>, now: number) => {
    if (gone.takes(entry)) {
      out.publish(entry, true)
      return closed(entry, "it came late", true)
    }
    // What is near is what another connection has brought before, and says nothing.
    if (rule.refills && rule.counts && entry.last < next() - RESET_IDS) reset.saw(entry, now)
    out.duplicate(entry)
  }

  /** It was on its way when the history already told of newer ones: the beginning is here. */
  const early = (entry: Entry<A>, beginning: number, now: number) => {
    if (rule.counts && beginning - entry.first > FAR) return repeated(entry, now)
    began = entry.first
    // Newer ones are published, or said to be missing.
    if (last !== undefined && last >= beginning) {
      lost({ first: entry.first, last: beginning - 1 }, EARLY)
      return repeated(entry, now)
    }
    known = Math.max(newestKnown(), beginning - 1)
    hole = undefined
    publish(entry)
    settle(now)
  }

  const live = (entry: Entry<A>, now: number) => {
    if (last === undefined) {
      began = entry.first
      return publish(entry)
    }
    const beginning = promised
    promised = undefined
    if (beginning !== undefined && entry.first < beginning) return early(entry, beginning, now)
    if (entry.last <= last) return repeated(entry, now)
    if (entry.first > next()) return beyond(entry, now)
    began = Math.min(began, entry.first)
    publish(entry)
    if (hole !== undefined) settle(now)
  }

  return {
    resume: (stood) => {
      const { at, filled = [], last: position } = stood
      const { follows, open, unsaid } = resumed(stood, last === undefined ? undefined : began)
      for (const { late, ...range } of filled) closed(range, "filled by an earlier run", late)
      for (const gap of rule.refills ? open : []) late.open(gap)
      for (const gap of rule.refills ? follows : []) closed(gap, FOLLOWS)
      for (const range of unsaid) lost(range, "an earlier run ended before it said so")
      // Not only known of any more: it is stored, or follows late.
      promised = undefined
      if (last !== undefined && position >= began - 1) return
      if (last !== undefined) return lost({ first: position + 1, last: began - 1 }, LIVE_FIRST)
      began = position + 1
      last = position
      kept = position
      lastAt = at
    },
    live,
    exists: (upTo, now) => {
      // A beginning too: what comes next must not be missed, however long it takes to come.
      if (last === undefined) {
        began = upTo + 1
        promised = began
        last = upTo
        lastAt = Infinity
      }
      if (upTo <= last) return
      known = Math.max(known, upTo)
      settle(now)
    },
    newest: (id, now) => {
      const entries = far.take()
      for (const entry of entries) if (entry.first > id + RESET_IDS) out.reject(entry)
      believe(
        entries.filter(({ first }) => first <= id + RESET_IDS),
        now
      )
      const anew = reset.provedBy(id, next())
      if (anew === undefined) return
      const { first } = anew
      // What waited of the old count will never be asked for again: what there is of it goes on, the rest is said to be missing.
      release(now, COUNTS_ANEW)
      if (known >= next()) lost({ first: next(), last: known }, COUNTS_ANEW)
      out.note({ type: "sequence-reset", first, last: id, reason: COUNTS_ANEW, late: false })
      late.drop(0)
      closeHole()
      last = first - 1
      known = Math.max(id, anew.last)
      catchingUp = true
      reset.clear()
      settle(now)
    },
    tick: (now, isFetching) => {
      if (hole === undefined) return
      // Nobody has asked the history: it is not to blame.
      if (rule.refills && !isFetching) return Hole.progressed(hole, now)
      const wait = rule.refills ? limits.waitMs : limits.neighbourMs
      if (now - hole.progressAt < wait) return
      const first = parked.first()
      if (first === undefined) hole.overdue = true
      else openBefore(first, now, rule.refills ? OVERDUE : UNFETCHABLE)
    },
    wish: (now) => {
      if (rule.refills && hole !== undefined && !hole.walk.asking && now >= hole.walk.askAt) {
        return { first: next(), last: end(), until: newestKnown(), late: false }
      }
      return late.wish(now, kept)
    },
    asked: (wish) => {
      if (wish.late) late.asked()
      else if (hole !== undefined) {
        hole.walk.asking = true
        hole.asked = true
      }
    },
    answered: (wish, page, now) => {
      if (wish.late) return late.answered(wish, page, now, kept)
      // Asked before a recall: it says nothing of what is wanted now.
      if (hole === undefined || wish.first > next()) return
      const take = (entry: Entry<A>) => {
        publish(entry)
        settle(now)
      }
      const confirm = (range: Range) => {
        out.note({ type: "gap-confirmed", ...range, reason: "the exchange has no such ids", late: false })
        last = range.last
        settle(now)
      }
      const forsake = (range: Range) => {
        lost(range, NOT_TOLD, false)
        last = range.last
        settle(now)
      }
      Hole.answered(hole, page, { next, end, take, confirm, forsake }, now)
    },
    lost: (range) => lost(range, NOT_KEPT),
    recall: (range, at, now) => {
      const dropped = late.drop(range.first)
      const first = Math.min(range.first, next())
      noteFilled(first)
      kept = -Infinity
      const isOld = lastAt - at > rule.inPlaceMs && range.last - first >= PAGE
      if (last === undefined || !rule.refills || isOld) return lost({ first, last: range.last }, NOT_KEPT)
      for (const gap of dropped) closed(gap, FOLLOWS)
      known = Math.max(newestKnown(), last)
      parked.clear()
      reset.clear()
      last = first - 1
      lastAt = at
      hole = Hole.begin(now, now)
      catchingUp = true
    },
    shed,
    close: () => {
      for (const entry of far.take()) out.reject(entry)
      release(0, "stopped before it was filled")
    },
    settled: () => hole === undefined && far.isEmpty() && late.gaps().length === 0,
    wantsNewest: (now) => !far.isEmpty() || reset.isDoubtful(next(), now),
    status: () => ({
      last,
      hole: hole === undefined ? undefined : { first: next(), last: end() },
      since: hole?.since,
      fetching: hole?.asked === true,
      gaps: late.gaps(),
      parkedBytes: parked.bytes()
    })
  }
}
