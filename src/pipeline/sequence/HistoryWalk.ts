/**
 * A walk through missing ids, page by page of the exchange's history. What the history shows is behind the streams, so that
 * an id that is not there may still come: it is confirmed missing only when newer ones were shown beyond it in `LOOKS`
 * answers, a growing while apart, and given up only when as many do not reach back to it. Shared by holes that are filled in
 * place and those that are filled late.
 */

/** Something with ids, both inclusive: a trade has one, a candle is open from its first to its last ms. */
export interface Entry<A> {
  readonly first: number
  readonly last: number
  /** Event time, Unix ms. */
  readonly at: number
  readonly bytes: number
  readonly value: A
}

export interface Range {
  readonly first: number
  readonly last: number
}

/** A page of the history: entries and ids that were given to nothing, both ascending. */
export interface HistoryPage<A> {
  readonly entries: ReadonlyArray<Entry<A>>
  readonly voids: ReadonlyArray<number>
  /** Whether there were any below this one the history does not tell any more. */
  readonly goneBelow?: number | undefined
}

/** How many answers must agree that an id is missing. */
export const LOOKS = 3

const FIRST_WAIT_MS = 250

export interface Walk {
  /** When to ask next, Unix ms. */
  askAt: number
  /** An answer is outstanding. */
  asking: boolean
  /** Answers that showed newer ids but not this one, while it was the next. */
  looks: number
  at: number
  /** The last id that all of these agree to be missing. */
  agreed: number
  /** Answers in a row that gave nothing new. */
  idle: number
  /** Answers in a row that do not reach back to the next id any more: one alone may come from a server that is behind others. */
  gone: number
}

export const begin = (askAt: number): Walk => ({
  askAt,
  asking: false,
  looks: 0,
  at: 0,
  agreed: Infinity,
  idle: 0,
  gone: 0
})

/** What a walk does with what it finds. */
export interface Steps<A> {
  /** The next id that is wanted. */
  readonly next: () => number
  /** The last id that is wanted. */
  readonly end: () => number
  /** An entry that begins at the next id. */
  readonly take: (entry: Entry<A>) => void
  /** These ids exist nowhere. */
  readonly confirm: (range: Range) => void
  /** These ids are not to be had any more: what is newer follows without them. */
  readonly forsake: (range: Range) => void
}

const wait = (times: number, most: number): number => Math.min(FIRST_WAIT_MS * 2 ** times, most)

/** The voids of a page as entries without a value, among the others in order. */
const merged = <A>({ entries, voids }: HistoryPage<A>): ReadonlyArray<Entry<A> | Range> =>
  voids.length === 0
    ? entries
    : [...entries, ...voids.map((id): Range => ({ first: id, last: id }))].toSorted((a, b) => a.first - b.first)

/** Takes in an answer (`undefined`: a failure); true if it brought anything. `most`: the longest wait until the next one, ms. */
export const answered = <A>(
  walk: Walk,
  page: HistoryPage<A> | undefined,
  steps: Steps<A>,
  now: number,
  most: number
): boolean => {
  walk.asking = false
  const before = steps.next()
  if (walk.at !== before) Object.assign(walk, { at: before, looks: 0, agreed: Infinity, gone: 0 })
  let looked = false
  const { goneBelow = before } = page ?? {}
  const isGone = goneBelow > before
  if (page !== undefined) walk.gone = isGone ? walk.gone + 1 : 0
  const isSure = !isGone || walk.gone >= LOOKS
  if (isGone && isSure) steps.forsake({ first: before, last: Math.min(goneBelow - 1, steps.end()) })
  for (const entry of page === undefined || !isSure ? [] : merged(page)) {
    if (steps.next() > steps.end()) break
    if (entry.last < steps.next()) continue
    if (entry.first > steps.next()) {
      looked = true
      walk.agreed = Math.min(walk.agreed, entry.first - 1, steps.end())
      if (steps.next() > before || walk.looks + 1 < LOOKS) break
      steps.confirm({ first: steps.next(), last: walk.agreed })
      // What waited behind them may have followed at once.
      if (entry.first !== steps.next() || entry.first > steps.end()) continue
    }
    if ("value" in entry) steps.take(entry)
    else steps.confirm({ first: steps.next(), last: entry.last })
  }
  const advanced = steps.next() > before
  // What follows directly is believed as well: a gap of millions is not asked for three times a page.
  if (isGone && isSure) Object.assign(walk, { at: steps.next(), looks: 0, agreed: Infinity })
  if (looked && !advanced) walk.looks++
  walk.idle = advanced ? 0 : walk.idle + 1
  // The rest of what is wanted is asked for at once.
  walk.askAt = now + (advanced ? 0 : wait(walk.idle + (looked ? 1 : 0), most))
  return advanced
}
