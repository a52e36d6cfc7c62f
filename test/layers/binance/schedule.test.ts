import { assert, describe, it } from "@effect/vitest"
import { Duration, Option, Schema } from "effect"
import { dueAt, HARD_LIMIT } from "../../../src/layers/binance/schedule.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Opened = between(1_700_000_000_000, 1_900_000_000_000)
const Random = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.999 }))
const Line = Schema.Literals([0, 1])

const after = Duration.hours(23)
const window = (startMinute: number, minutes: number) => ({
  start: Duration.minutes(startMinute),
  end: Duration.minutes((startMinute + minutes) % 1440)
})

/** Whether the moment is in the window, 1 ms for rounding. */
const isWithin = (at: number, startMinute: number, minutes: number): boolean =>
  (at + 1 - startMinute * 60_000 + DAY) % DAY <= minutes * 60_000 + 1

describe("the rollover's schedule", () => {
  it.prop(
    "replaces a connection at its age, up to 2 % earlier, and the second line's before the first's",
    [Opened, Random, Random],
    ([opened, one, other]) => {
      const settings = { after, window: Option.none() }
      const first = dueAt(settings, opened, 0, one) - opened
      const second = dueAt(settings, opened, 1, other) - opened
      assert.isAtMost(first, 23 * HOUR)
      assert.isAtLeast(first, 23 * HOUR * 0.98 - 1)
      assert.isAtMost(second, 23 * HOUR * 0.98 + 1)
      assert.isAtLeast(second, 23 * HOUR * 0.96 - 1)
    }
  )

  it.prop(
    "always replaces it before the exchange would cut it",
    [Opened, Random, Line, Schema.NullOr(Schema.Tuple([between(0, 1439), between(1, 1439)]))],
    ([opened, random, line, daily]) => {
      const settings = {
        after: Duration.hours(24),
        window: Option.map(Option.fromNullishOr(daily), ([start, minutes]) => window(start, minutes))
      }
      const due = dueAt(settings, opened, line, random)
      assert.isAbove(due, opened)
      assert.isAtMost(due, opened + HARD_LIMIT)
    }
  )

  it.prop(
    "keeps to a window of half an hour or more, day after day",
    [Opened, between(0, 1439), between(30, 720), Schema.NonEmptyArray(Random), Line],
    ([opened, start, minutes, randoms, line]) => {
      const settings = { after, window: Option.some(window(start, minutes)) }
      // What is opened now may be too far from it; what was replaced within it is not.
      let at = opened
      let wasWithin = false
      for (const random of [...randoms, ...randoms, ...randoms]) {
        at = dueAt(settings, at, line, random)
        if (wasWithin) assert.isTrue(isWithin(at, start, minutes))
        wasWithin ||= isWithin(at, start, minutes)
      }
      assert.isTrue(wasWithin || randoms.length < 2)
    }
  )

  it("reaches the next window across midnight", () => {
    const settings = { after, window: Option.some(window(23 * 60 + 30, 60)) }
    const noon = Date.UTC(2026, 10, 25, 12)
    assert.strictEqual(dueAt(settings, noon, 0, 0), Date.UTC(2026, 10, 25, 23, 30))
    assert.strictEqual(dueAt(settings, noon, 0, 0.75), Date.UTC(2026, 10, 26, 0, 15))
    // Opened in the window, half past midnight is yesterday's.
    assert.strictEqual(
      dueAt(settings, Date.UTC(2026, 10, 26, 0, 10), 0, 0.5),
      Date.UTC(2026, 10, 26, 23, 30) + 0.5 * 25 * 60_000
    )
  })

  it("gives no moment that has passed, where the settings change while a connection is open", () => {
    const settings = { after, window: Option.some(window(3 * 60, 60)) }
    const opened = Date.UTC(2026, 10, 25, 2)
    // In the window: what is left of it. After it: the next one is too far, so by age, at once if that is over.
    const at = (hour: number, minute: number) => Date.UTC(2026, 10, 25, hour, minute)
    assert.strictEqual(dueAt(settings, opened, 0, 0, at(3, 30)), at(3, 30))
    assert.strictEqual(dueAt(settings, opened, 0, 0.5, at(3, 30)), at(3, 45))
    assert.isAbove(dueAt(settings, opened, 0, 0.5, at(5, 0)), at(5, 0))
    assert.strictEqual(dueAt({ after: Duration.hours(1), window: Option.none() }, opened, 0, 0.5, at(5, 0)), at(5, 0))
  })
})
