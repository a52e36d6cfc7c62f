/** When a connection is to be replaced for its age, so that the exchange never has to cut it. */
import { Duration, Option } from "effect"
import type { DailyWindow, RolloverSettings } from "../../schema/Settings.ts"

const DAY = 24 * 3_600_000

/** The exchange cuts at 24 hours; to open another takes its time. */
export const HARD_LIMIT = 23.75 * 3_600_000

/** Connections that were opened together are replaced one by one, and those of a second line before those of the first. */
const JITTER = 0.02

const FIRST_DAY = -1
const DAYS = 3

/** The parts of the daily window within `from` and `to`, Unix ms. */
const partsWithin = ({ end, start }: DailyWindow, from: number, to: number) => {
  const length = (Duration.toMillis(end) - Duration.toMillis(start) + DAY) % DAY || DAY
  const midnight = Math.floor(from / DAY) * DAY
  return Array.from({ length: DAYS }, (_, n) => midnight + (FIRST_DAY + n) * DAY + Duration.toMillis(start))
    .map((begin) => ({ begin, from: Math.max(from, begin), to: Math.min(to, begin + length) }))
    .filter((part) => part.from < part.to)
}

/**
 * Unix ms, `now` or later. `line` counts from 0, `random` is within [0, 1). With a window it is a moment in the last one that can be reached; a
 * connection that was opened within a window and does not reach the next one is replaced once more before this one ends.
 */
export const dueAt = (
  { after, window }: RolloverSettings,
  openedAt: number,
  line: number,
  random: number,
  now = openedAt
): number => {
  if (Option.isSome(window)) {
    const parts = partsWithin(window.value, openedAt, openedAt + HARD_LIMIT)
      // Replaced so early in its window, the next connection would not reach the next day's either.
      .map((part) => ({
        ...part,
        from: Math.max(part.from, part.begin > openedAt ? 0 : part.begin + DAY - HARD_LIMIT)
      }))
      .map((part) => ({ ...part, from: Math.max(part.from, now) }))
      .filter((part) => part.from < part.to)
    const last = parts.at(-1)
    if (last !== undefined) return last.from + random * (last.to - last.from)
  }
  const age = Math.min(Duration.toMillis(after) * (1 - JITTER * (line + random)), HARD_LIMIT)
  return Math.max(now, openedAt + age)
}
