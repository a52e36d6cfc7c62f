import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Watchdog from "../../src/pipeline/Watchdog.ts"
import type { StreamName } from "../../src/schema/StreamName.ts"
import { streamKinds } from "../../src/schema/kinds/registry.ts"
import { streamNames } from "../support/settings.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Shares = Arbitrary.array(Arbitrary.schema(Share), { minLength: 5, maxLength: 200 })

const watch = (names: ReadonlyArray<string>, staleAfter?: number) => {
  const watchdog = Watchdog.make({ streams: streamNames(...names), staleAfter, startedAt: 0 })
  const said: Array<readonly [at: number, what: keyof Watchdog.Findings, stream: string]> = []
  let now = 0
  return {
    ...watchdog,
    said,
    now: () => now,
    /** Looks every second until then; `flowing` shows itself each time. */
    until: (then: number, flowing: ReadonlyArray<string> = [], isReading = true) => {
      for (; now < then; now += 1000) {
        for (const stream of flowing) watchdog.seen(stream, now)
        const found = watchdog.check(now, isReading)
        for (const what of ["renew", "stale", "recovered"] as const) {
          for (const { name } of found[what]) said.push([now, what, name])
        }
      }
    }
  }
}

const names = (streams: ReadonlyArray<StreamName>) => streams.map(({ name }) => name)

/** Seconds of what was said of a stream. */
const saidOf = ({ said }: ReturnType<typeof watch>, stream: string) =>
  said.filter(([, , name]) => name === stream).map(([at, what]) => `${what} at ${at / 1000}`)

describe("Watchdog", () => {
  it.prop(
    "never calls a stream mute that keeps its cadence, whatever the jitter",
    [between(50, 15_000), Share, Shares],
    ([cadence, jitter, shares]) => {
      const watchdog = Watchdog.make({ streams: streamNames("a@ticker"), staleAfter: undefined, startedAt: 0 })
      let now = 0
      for (const share of shares) {
        // Up to twice the cadence, looked at all the while.
        const next = now + cadence * (1 + jitter * share)
        for (let at = now; at < next; at += 500) {
          assert.deepStrictEqual(watchdog.check(at, true), { renew: [], stale: [], recovered: [] })
        }
        watchdog.seen("a@ticker", next)
        now = next
      }
    }
  )

  it.prop(
    "always finds a stream with a cadence that stops, within ten of its intervals or half a minute",
    [between(50, 15_000), Shares],
    ([cadence, shares]) => {
      const dog = Watchdog.make({ streams: streamNames("a@ticker", "b@trade"), staleAfter: undefined, startedAt: 0 })
      let now = 0
      for (const share of shares) {
        now += cadence * (0.5 + share / 2)
        dog.seen("a@ticker", now)
      }
      const bound = Math.max(10 * cadence, shares.length <= 8 ? 60_000 : 30_000)
      let foundAt: number | undefined
      for (let at = now; at <= now + bound + 1000 && foundAt === undefined; at += 1000) {
        dog.seen("b@trade", at)
        if (dog.check(at, true).renew.length > 0) foundAt = at
      }
      assert.isDefined(foundAt)
      assert.isAtLeast(foundAt! - now, 30_000)
    }
  )

  it.prop(
    "never renews a quiet symbol: what has no cadence may be silent for as long as it likes",
    [Arbitrary.array(Arbitrary.schema(between(1, 3 * HOUR)), { minLength: 1, maxLength: 30 })],
    ([pauses]) => {
      const quiet = streamKinds.filter(({ hasCadence }) => !hasCadence).map(({ suffixes }) => `a@${suffixes[0]}`)
      assert.sameMembers(
        quiet,
        ["trade", "aggTrade", "blockTrade", "bookTicker", "depth", "referencePrice"].map((suffix) => `a@${suffix}`)
      )
      const watchdog = Watchdog.make({ streams: streamNames(...quiet), staleAfter: undefined, startedAt: 0 })
      let now = 0
      for (const [n, pause] of pauses.entries()) {
        now += pause
        assert.deepStrictEqual(watchdog.check(now, true).renew, [])
        watchdog.seen(quiet[n % quiet.length]!, now)
      }
    }
  )

  it("waits a minute for the first data of a stream with a cadence", () => {
    const dog = watch(["a@kline_1m", "a@trade"])
    dog.until(MINUTE, ["a@trade"])
    assert.deepStrictEqual(dog.said, [])
    dog.until(MINUTE + 1000, ["a@trade"])
    assert.deepStrictEqual(dog.said, [[MINUTE, "renew", "a@kline_1m"]])
  })

  it("asks anew twice, then calls the stream stale, asks now and then, and says when it flows again", () => {
    const dog = watch(["a@ticker", "b@ticker"])
    dog.until(20_000, ["a@ticker", "b@ticker"])
    dog.until(30 * MINUTE, ["b@ticker"])
    assert.deepStrictEqual(saidOf(dog, "a@ticker").slice(0, 5), [
      "renew at 49",
      "renew at 79",
      "stale at 109",
      "renew at 709",
      "renew at 1309"
    ])
    dog.until(30 * MINUTE + 2000, ["a@ticker", "b@ticker"])
    assert.strictEqual(saidOf(dog, "a@ticker").at(-1), "recovered at 1800")
    assert.deepStrictEqual(saidOf(dog, "b@ticker"), [])
    // And from the beginning, should it stop again.
    dog.until(40 * MINUTE, ["b@ticker"])
    assert.isTrue(
      saidOf(dog, "a@ticker")
        .slice(6, 8)
        .every((said) => said.startsWith("renew"))
    )
  })

  it("learns from an interval that was longer than it thought, and forgets it in time", () => {
    const dog = watch(["a@ticker", "b@trade"])
    dog.until(20_000, ["a@ticker", "b@trade"])
    dog.until(60_000, ["b@trade"])
    dog.until(61_000, ["a@ticker", "b@trade"])
    assert.deepStrictEqual(saidOf(dog, "a@ticker"), ["renew at 49", "recovered at 60"])
    // 41 s are usual now.
    dog.until(461_000, ["b@trade"])
    assert.strictEqual(saidOf(dog, "a@ticker").length, 2)
    dog.until(471_000, ["b@trade"])
    assert.strictEqual(saidOf(dog, "a@ticker").at(-1), "renew at 470")
    dog.until(600_000, ["a@ticker", "b@trade"])
    dog.until(640_000, ["b@trade"])
    assert.strictEqual(saidOf(dog, "a@ticker").at(-1), "renew at 629")
  })

  it("holds every stream to the time that the setting names, where it does", () => {
    const dog = watch(["a@trade", "a@ticker", "b@trade"], 10_000)
    dog.until(40_000, ["b@trade"])
    for (const stream of ["a@trade", "a@ticker"]) {
      assert.deepStrictEqual(saidOf(dog, stream), ["renew at 10", "renew at 20", "stale at 30"])
    }
    assert.deepStrictEqual(saidOf(dog, "b@trade"), [])
  })

  it("leaves in peace what the symbol's status silences, and begins anew after it", () => {
    const all = ["a@ticker", "a@kline_1m", "a@trade", "b@kline_1m", "b@ticker", "!miniTicker@arr"]
    const dog = watch(all, undefined)
    dog.statuses(
      new Map([
        ["A", "BREAK"],
        ["B", "CANCEL_ONLY"]
      ])
    )
    dog.until(10 * MINUTE, ["b@ticker", "!miniTicker@arr"])
    assert.deepStrictEqual(dog.said, [])
    dog.statuses(
      new Map([
        ["A", "TRADING"],
        ["B", "HALT"]
      ])
    )
    dog.until(12 * MINUTE, ["b@ticker", "!miniTicker@arr"])
    for (const stream of ["a@ticker", "a@kline_1m", "b@kline_1m"]) {
      assert.strictEqual(saidOf(dog, stream)[0], "renew at 659")
    }
    // An end of trading clears what was held against it.
    dog.statuses(new Map([["A", "BREAK"]]))
    dog.until(12 * MINUTE + 1000, ["b@ticker", "!miniTicker@arr"])
    assert.strictEqual(saidOf(dog, "a@ticker").at(-1), "recovered at 720")
  })

  it("judges nobody while nothing is read, and gives all their time again", () => {
    const dog = watch(["a@ticker", "b@ticker"])
    dog.until(20_000, ["a@ticker", "b@ticker"])
    dog.until(10 * MINUTE, [], false)
    dog.until(10 * MINUTE + 29_000, ["b@ticker"])
    assert.deepStrictEqual(dog.said, [])
    dog.until(10 * MINUTE + 31_000, ["b@ticker"])
    assert.strictEqual(dog.said.length, 1)
  })

  it("begins anew when data returns after there was none at all", () => {
    const dog = watch(["a@ticker", "b@ticker"])
    dog.until(20_000, ["a@ticker", "b@ticker"])
    dog.until(5 * MINUTE)
    assert.deepStrictEqual(saidOf(dog, "a@ticker"), ["renew at 49", "renew at 79", "stale at 109"])
    // Only one of them is back: the other is asked for soon, not after ten minutes.
    dog.until(6 * MINUTE, ["b@ticker"])
    assert.strictEqual(saidOf(dog, "b@ticker").at(-1), "recovered at 300")
    assert.strictEqual(saidOf(dog, "a@ticker").at(-1), "renew at 330")
  })

  it("knows nothing of streams that are not its own", () => {
    const dog = watch(["a@ticker"])
    dog.seen("x@ticker", 5)
    dog.proof("x@trade", 2, 1, 5)
    assert.deepStrictEqual(names(dog.check(6, true).renew), [])
  })

  describe("with proof", () => {
    it("finds a trade stream mute that has not shown an id known elsewhere for more than 5 s", () => {
      const dog = watch(["a@trade", "a@ticker"])
      dog.seen("a@trade", 0)
      dog.proof("a@trade", 101, 100, 0)
      dog.until(6000, ["a@ticker"])
      assert.deepStrictEqual(dog.said, [])
      dog.until(7000, ["a@ticker"])
      assert.deepStrictEqual(dog.said, [[6000, "renew", "a@trade"]])
    })

    it.prop(
      "never suspects a stream whose ids come within 5 s",
      [between(0, 4900), Arbitrary.array(Arbitrary.schema(between(1, 20_000)), { minLength: 1, maxLength: 60 })],
      ([lag, pauses]) => {
        // Trades happen; the ticker knows them every second, the stream shows them late.
        const happened: Array<number> = []
        let at = 0
        for (const pause of pauses) happened.push((at += pause))
        const dog = Watchdog.make({ streams: streamNames("a@trade"), staleAfter: undefined, startedAt: 0 })
        const shown = (now: number) => happened.filter((time) => time + lag <= now).length
        for (let now = 0, before = 0; now < at + 20_000; now += 500) {
          if (shown(now) > before) dog.seen("a@trade", now)
          before = shown(now)
          if (now % 1000 === 0) dog.proof("a@trade", happened.filter((time) => time <= now).length, before, now)
          assert.deepStrictEqual(dog.check(now, true).renew, [])
        }
      }
    )

    it("holds one missed trade against a quiet stream once, and newer ones again", () => {
      const dog = watch(["a@trade", "a@ticker"])
      dog.seen("a@trade", 0)
      for (let now = 0; now < HOUR; now += 1000) {
        dog.proof("a@trade", 101, 100, now)
        dog.until(now + 1000, ["a@ticker"])
      }
      assert.deepStrictEqual(saidOf(dog, "a@trade"), ["renew at 6"])
      for (let now = HOUR; now < HOUR + MINUTE; now += 1000) {
        dog.proof("a@trade", 102 + now, 100, now)
        dog.until(now + 1000, ["a@ticker"])
      }
      assert.deepStrictEqual(saidOf(dog, "a@trade"), ["renew at 6", "renew at 3606", "stale at 3636"])
    })

    it("takes back its suspicion when the id arrives", () => {
      const dog = watch(["a@trade", "a@ticker"])
      dog.proof("a@trade", 101, 100, 0)
      dog.until(4000, ["a@ticker"])
      dog.proof("a@trade", 101, 101, 4000)
      dog.until(MINUTE, ["a@ticker"])
      assert.deepStrictEqual(dog.said, [])
    })
  })
})
