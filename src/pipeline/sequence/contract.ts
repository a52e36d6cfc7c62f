/** What goes into a sequence and what comes out of it: see `Sequence.ts`. */
import type { Position } from "../Standing.ts"
import type { Entry, HistoryPage, Range } from "./HistoryWalk.ts"

export interface Rule {
  /** The history has its events. */
  readonly refills: boolean
  /** Its ids count events: a leap ahead of more than `FAR` may be a fault of the sender's. */
  readonly counts: boolean
  /** A hole over a longer time (between event times, ms) is opened at once. */
  readonly inPlaceMs: number
}

export interface Limits {
  readonly parked: number
  readonly neighbourMs: number
  /** How long a hole may get nothing new until it is opened. */
  readonly waitMs: number
}

export const defaultLimits: Limits = { parked: 50_000, neighbourMs: 250, waitMs: 120_000 }

export interface Note extends Range {
  readonly type: "gap-opened" | "gap-filled" | "gap-confirmed" | "sequence-reset"
  readonly reason: string
  readonly late: boolean
}

/** Where the machine's decisions go, in order. */
export interface Out<A> {
  readonly publish: (entry: Entry<A>, late: boolean) => void
  readonly note: (note: Note) => void
  /** It was published before. */
  readonly duplicate: (entry: Entry<A>) => void
  /** Its id is far beyond anything that the history knows. */
  readonly reject: (entry: Entry<A>) => void
}

/** What the history is to be asked for: the page from `first` on. */
export interface Wish extends Range {
  /** The last id of all that is known: a page may fill every hole up to it. */
  readonly until: number
  readonly late: boolean
}

export interface Sequence<A> {
  /** Goes on after a position instead of beginning with what comes first; what lies before what came first is opened. */
  readonly resume: (position: Position) => void
  readonly live: (entry: Entry<A>, now: number) => void
  /** Everything up to this id has happened, whether it has arrived or not; before anything has arrived, a beginning. */
  readonly exists: (upTo: number, now: number) => void
  /** The newest id that the history knows. */
  readonly newest: (id: number, now: number) => void
  /** Time has passed, and the history was asked in it or not. */
  readonly tick: (now: number, isFetching: boolean) => void
  /** What to ask for, if it is time; `asked` says that it is being asked. */
  readonly wish: (now: number) => Wish | undefined
  readonly asked: (wish: Wish) => void
  /** The answer; `undefined`: there is none. */
  readonly answered: (wish: Wish, page: HistoryPage<A> | undefined, now: number) => void
  /** What was published is lost: it follows late. */
  readonly lost: (range: Range) => void
  /**
   * Nothing that was published from `range.first` (event time `at`) on was kept, and what comes next will be: all of it anew.
   * The last one of the range counts where that is too old to be caught up in place.
   */
  readonly recall: (range: Range, at: number, now: number) => void
  /** Keeps nothing that waits: it will be fetched. Frees memory. */
  readonly shed: () => void
  /** The end: opens what is missing and publishes what waits. */
  readonly close: () => void
  /** Nothing waits and nothing is to be fetched. */
  readonly settled: () => boolean
  /** Only the history's newest id can tell what to make of what came. */
  readonly wantsNewest: (now: number) => boolean
  readonly status: () => Status
}

export interface Status {
  readonly last: number | undefined
  /** The first hole that is being filled in place. */
  readonly hole: Range | undefined
  /** Since when, monotonic ms. */
  readonly since: number | undefined
  /** It has been asked for: no neighbour came. */
  readonly fetching: boolean
  /** Opened gaps, as far as they are not filled. */
  readonly gaps: ReadonlyArray<Range>
  readonly parkedBytes: number
}

/** Why a hole was opened that no history fills. */
export const UNFETCHABLE = "it cannot be fetched again"

/** Why a gap stays open though there is a history. */
export const NOT_TOLD = "the exchange's history does not reach back so far any more"

/** Why what was published is opened again. */
export const NOT_KEPT = "it could not be kept"

/** Why a gap is none any more: nothing newer is stored. */
export const FOLLOWS = "it follows in place"
