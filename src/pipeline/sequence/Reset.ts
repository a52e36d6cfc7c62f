/** What came far below what was published: repeats, or the exchange has begun to count anew. */
import { RESET_IDS, RESET_MS } from "./bounds.ts"
import type { Range } from "./HistoryWalk.ts"

export const make = () => {
  let below: { readonly since: number; readonly first: number; last: number } | undefined
  const isLikely = (next: number): boolean => below !== undefined && below.last < next - RESET_IDS
  return {
    saw: ({ first, last }: Range, now: number): void => {
      below ??= { since: now, first, last }
      below.last = Math.max(below.last, last)
    },
    /** What was published goes on. */
    clear: (): void => {
      below = undefined
    },
    /** What came, if the history's `newest` id says the same. */
    provedBy: (newest: number, next: number): Range | undefined =>
      isLikely(next) && newest < next - 1 - RESET_IDS ? below : undefined,
    isDoubtful: (next: number, now: number): boolean => isLikely(next) && now - (below?.since ?? now) >= RESET_MS
  }
}
