/** The opened gaps of one sequence: live has gone past them, their ids follow late, in order and each once. */
import * as HistoryWalk from "./HistoryWalk.ts"
import type { HistoryPage, Range } from "./HistoryWalk.ts"
import { NOT_TOLD, type Out, type Wish } from "./contract.ts"

const LONGEST_WAIT_MS = 60_000

export interface LateFill<A> {
  readonly open: (gap: Range) => void
  readonly gaps: () => ReadonlyArray<Range>
  /** Not before something newer than a gap is kept: a restart could not tell what is stored of it. */
  readonly wish: (now: number, kept: number) => Wish | undefined
  readonly asked: () => void
  readonly answered: (wish: Wish, page: HistoryPage<A> | undefined, now: number, kept: number) => void
  /** Forgets the gaps from this id on; gives them. */
  readonly drop: (first: number) => ReadonlyArray<Range>
}

interface Gap {
  first: number
  readonly last: number
}

/** In order, those that overlap or touch as one. */
const joined = (spans: ReadonlyArray<Range>): Array<{ first: number; last: number }> => {
  const all: Array<{ first: number; last: number }> = []
  for (const { first, last } of spans.toSorted((a, b) => a.first - b.first)) {
    const before = all.at(-1)
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last)
    else all.push({ first, last })
  }
  return all
}

export const make = <A>(out: Pick<Out<A>, "publish" | "note">): LateFill<A> => {
  let gaps: ReadonlyArray<Gap> = []
  let walk = HistoryWalk.begin(0)
  /** The first id of the run that is being filled. */
  let from: number | undefined

  const noteFilled = (next: number) => {
    if (from !== undefined) {
      out.note({ type: "gap-filled", first: from, last: next - 1, reason: "filled late from the history", late: true })
    }
    from = undefined
  }

  return {
    open: (range) => {
      gaps = joined([...gaps, range])
    },
    gaps: () => gaps,
    wish: (now, kept) => {
      const [gap] = gaps
      if (gap === undefined || gap.last >= kept || walk.asking || now < walk.askAt) return undefined
      return { ...gap, until: gap.last, late: true }
    },
    asked: () => {
      walk.asking = true
    },
    answered: (wish, page, now, kept) => {
      const [gap] = gaps
      walk.asking = false
      // Another one has come before it, or what was newer is not kept: the answer is not about that.
      if (gap === undefined || gap.first !== wish.first || gap.last >= kept) return
      HistoryWalk.answered(
        walk,
        page,
        {
          next: () => gap.first,
          end: () => gap.last,
          take: (entry) => {
            out.publish(entry, true)
            from ??= gap.first
            gap.first = entry.last + 1
          },
          confirm: (range) => {
            noteFilled(range.first)
            out.note({ type: "gap-confirmed", ...range, reason: "the exchange has no such ids", late: true })
            gap.first = range.last + 1
          },
          forsake: (range) => {
            noteFilled(range.first)
            out.note({ type: "gap-opened", ...range, reason: NOT_TOLD, late: false })
            gap.first = range.last + 1
          }
        },
        now,
        LONGEST_WAIT_MS
      )
      // A page at a time: a restart then knows what is there.
      noteFilled(gap.first)
      if (gap.first > gap.last) {
        gaps = gaps.slice(1)
        walk = HistoryWalk.begin(now)
      }
    },
    drop: (first) => {
      const dropped = gaps.filter((gap) => gap.first >= first)
      gaps = gaps.filter((gap) => gap.first < first)
      walk = HistoryWalk.begin(0)
      return dropped
    }
  }
}
